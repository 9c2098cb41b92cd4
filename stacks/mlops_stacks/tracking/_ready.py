"""Asks an MLflow server whether it can do its work: it answers, and so does its database.

MLflow's own ``/health`` says yes without asking the database (mlflow/mlflow#2725).
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib import import_module
from urllib.request import urlopen

WAIT = 4
"""Seconds for each of the two answers."""


def main() -> None:
    """Fails if the server on the port of the command line does not answer, or the database of libpq's environment.

    The database is asked as ``pg_isready`` asks it: whether it takes connections, not whether it would take ours. A
    password that has just been replaced, or a moment without a free connection, is no reason to take every server away
    at once. A database that starts, stops or recovers says so, and that counts as no.
    """
    urlopen(f"http://localhost:{sys.argv[1]}/health", timeout=WAIT).close()
    # Without a password it ends where the database asks for one: nobody logs in, and nothing is logged.
    os.environ.pop("PGPASSWORD", None)
    # The driver is the image's: an import statement would make it a requirement of this repository. It has no word for
    # this function of libpq, which it is linked with (PostgreSQL, *Database Connection Control Functions*).
    libpq = ctypes.CDLL(import_module("psycopg2._psycopg").__file__)
    if answer := libpq.PQping(f"connect_timeout={WAIT}".encode()):
        sys.exit(f"the database {('', 'refuses connections', 'does not answer', 'was not asked')[answer]}")


if __name__ == "__main__":
    main()
