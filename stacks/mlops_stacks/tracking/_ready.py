"""Asks an MLflow server whether it can do its work: it answers, and its database lets it in.

MLflow's own ``/health`` says yes without asking the database (mlflow/mlflow#2725).
"""

from __future__ import annotations

import sys
from importlib import import_module
from urllib.request import urlopen

WAIT = 4
"""Seconds for each of the two answers."""


def main() -> None:
    """Fails if the server on the port of the command line does not answer, or the database of libpq's environment."""
    urlopen(f"http://localhost:{sys.argv[1]}/health", timeout=WAIT).close()
    # The driver is the image's: an import statement would make it a requirement of this repository.
    import_module("psycopg2").connect(f"connect_timeout={WAIT}").close()


if __name__ == "__main__":
    main()
