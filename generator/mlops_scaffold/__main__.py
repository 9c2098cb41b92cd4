"""``python -m mlops_scaffold`` is the command line."""

from mlops_scaffold.cli import main

main(prog_name="mlops-scaffold")
