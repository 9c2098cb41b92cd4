"""The diagram that a repository draws of itself: what it reads, and what it leaves out."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from conftest import write

CLOUD = """
from mlops_stacks.keys.aws import Keys
keys = Keys("keys", settings.keys)
storage = Storage("storage", settings.storage, keys=keys)
network = Network("network", settings.network, keys=keys)
cluster = Cluster("cluster", settings.cluster, keys=keys, network=network)
limit = 3
"""
CLUSTER = """
from cloud import cluster
workspace = Workspace("workspace", settings.workspace, cluster=cluster)
tracking = Tracking("tracking", settings.tracking, workspace=workspace, storage=storage)
"""
ARROWS = {
    "keys --> storage",
    "keys --> network",
    "network --> cluster",  # and so keys --> cluster
    "cluster --> workspace",
    "workspace --> tracking",
    "storage --> tracking",
}


def drawn(folder: Path, repository: Path) -> tuple[str, ET.Element]:
    script = (repository / "scripts" / "diagram.py").read_text()
    page = "# acme\n```mermaid\nold\n```\nend\n"
    programs = {"__main__.py": CLOUD, "cluster/__main__.py": CLUSTER}
    write(folder, {"scripts/diagram.py": script, "README.md": page, "docs/x": "", **programs})
    subprocess.run([sys.executable, folder / "scripts" / "diagram.py"], check=True)
    return (folder / "README.md").read_text(), ET.parse(folder / "docs" / "architecture.svg").getroot()  # noqa: S314 - our own


def test_an_arrow_that_follows_from_others_is_left_out(tmp_path: Path, repository: Path) -> None:
    page, _ = drawn(tmp_path, repository)

    assert set(re.findall(r"\w+ --> \w+", page)) == ARROWS
    assert page.startswith("# acme\n```mermaid\nflowchart LR\n")
    assert page.endswith("```\nend\n")


def test_no_box_of_the_picture_lies_on_another(tmp_path: Path, repository: Path) -> None:
    _, picture = drawn(tmp_path, repository)
    boxes = [
        tuple(float(box.attrib[side]) for side in ("x", "y", "width", "height"))
        for box in picture.iter("{http://www.w3.org/2000/svg}rect")
        if box.get("rx") == "6"
    ]

    assert len(boxes) == 6
    for (x, y, width, height), (to_x, to_y, _, _) in itertools.combinations(boxes, 2):
        assert abs(x - to_x) >= width or abs(y - to_y) >= height


def test_the_picture_has_a_line_for_each_arrow(tmp_path: Path, repository: Path) -> None:
    _, picture = drawn(tmp_path, repository)

    assert len([*picture.iterfind("{http://www.w3.org/2000/svg}path")]) == len(ARROWS)
