"""Every alarm of CloudWatch tells somebody, and has its page: whoever gets the message finds what to do."""

from __future__ import annotations

import re

import plans
import pytest

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@pytest.mark.parametrize("environment", plans.ENVIRONMENTS)
def test_an_alarm_tells_somebody_and_has_its_page(environment: str) -> None:
    for plan in plans.of(environment).values():
        for alarm in plan.of(ALARM):
            pages = re.findall(r"docs/runbooks/[\w-]+\.md", alarm.inputs.get("alarmDescription") or "")
            assert pages, f"{alarm.name}: name its page in alarm_description, docs/runbooks/….md"
            assert (plans.ROOT / pages[0]).is_file(), f"{alarm.name}: write {pages[0]}: what it means, and what to do"
            assert alarm.inputs.get("alarmActions"), f"{alarm.name}: nobody hears of it: name a topic in alarm_actions"
