"""``python -m mlops_scaffold`` is the command line."""

from mlops_scaffold.cli import run

run()
