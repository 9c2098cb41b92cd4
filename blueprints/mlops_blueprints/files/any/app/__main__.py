"""The app's commands: ``python -m app train|evaluate|promote|restore|serve|drift``. What one prints is JSON."""

from __future__ import annotations

import json
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from dataclasses import asdict

from app import logs, steps
from app.code_id import code_id
from app.data import UnfitError
from app.drift import ENOUGH, MOVED
from app.measurements.prometheus import Prometheus
from app.registry import CHALLENGER, CHAMPION, RegistryError
from app.registry.mlflow import MlflowRegistry
from app.reports.mlflow import MlflowReports
from app.serve import serve


def options() -> Namespace:
    """What was asked for."""
    parser = ArgumentParser("python -m app", description="Trains, measures, promotes and serves a model.")
    parser.add_argument("--model", default="churn", help="the model's name in the registry (%(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, what: str) -> ArgumentParser:
        return commands.add_parser(name, help=what, description=what, formatter_class=ArgumentDefaultsHelpFormatter)

    train = command("train", "train a version, register it, and make it the candidate")
    evaluate = command("evaluate", "measure the candidate on held-out rows, and make it the challenger")
    promote = command("promote", "make the challenger the champion, if it is better")
    restore = command("restore", "make a version the champion, whatever its skill")
    server = command("serve", "answer requests with the champion, until SIGTERM")
    drift = command("drift", "compare what the champion was asked and answered with what it was trained on")
    for each in (train, evaluate, promote):
        each.add_argument("--rows", type=int, default=20_000, help="rows of the table")
        each.add_argument("--seed", type=int, default=1, help="which table: the same seed makes the same one")
    restore.add_argument("version", help="its number")
    promote.add_argument("--margin", type=float, default=0.01, help="by how much skill it must be better")
    server.add_argument("--alias", default=CHAMPION, choices=(CHAMPION, CHALLENGER), help="which version")
    server.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    server.add_argument("--port", type=int, default=8080, help="the port to listen on")
    server.add_argument("--reload-seconds", type=float, default=30, help="time between two looks at the alias")
    server.add_argument("--drain-seconds", type=float, default=5, help="how long to go on answering after SIGTERM")
    drift.add_argument("--hours", type=int, default=24, help="how far to look back")
    drift.add_argument("--threshold", type=float, default=MOVED, help="the score from which on a column has drifted")
    drift.add_argument("--enough", type=int, default=ENOUGH, help="the rows from which on there is a score")
    drift.add_argument("--prometheus", default="http://localhost:9090", help="where the measurements are")
    drift.add_argument("--pushgateway", default="http://localhost:9091", help="where the scores go")
    return parser.parse_args()


def main() -> None:
    """Runs one command; what its user can mend is told in a sentence."""
    logs.configure()
    try:
        run()
    except (UnfitError, RegistryError, steps.NoSkillError) as error:
        raise SystemExit(f"error: {error}") from None


def run() -> None:
    """Does what was asked for."""
    asked = vars(options())
    command, registry = asked.pop("command"), MlflowRegistry(asked.pop("model"), code_id())
    match command:
        case "train":
            print(json.dumps({"version": steps.train(registry, **asked)}))
        case "evaluate":
            print(json.dumps(steps.evaluate(registry, **asked)))
        case "promote":
            print(json.dumps(asdict(steps.promote(registry, **asked))))
        case "restore":
            print(json.dumps({"champion": asked["version"], "before": steps.restore(registry, **asked)}))
        case "serve":
            serve(registry, **asked)
        case "drift":
            prometheus = Prometheus(asked.pop("prometheus"), asked.pop("pushgateway"))
            print(json.dumps(asdict(steps.drift(registry, prometheus, MlflowReports(), **asked))))


if __name__ == "__main__":
    main()
