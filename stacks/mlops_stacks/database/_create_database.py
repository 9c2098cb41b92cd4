"""Makes the database and the user that a service was granted; a Job runs it before the service starts.

What to make is what the service will connect with: libpq's own variables ``PGHOST``, ``PGPORT``, ``PGSSLMODE``,
``PGDATABASE``, ``PGUSER`` and ``PGPASSWORD``. ``ADMINISTRATOR`` is the ARN of the secret of who may make it. A second
run, even at the same time, changes nothing; with another password, it sets that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def administrator(secret: str) -> Mapping[str, str]:
    """The ``username`` and ``password`` that AWS Secrets Manager keeps under an ARN, read as the pod's identity."""
    # boto3 and psycopg2 are the image's: an import statement would make them requirements of this repository.
    client = import_module("boto3").client("secretsmanager", region_name=secret.split(":")[3])
    return json.loads(client.get_secret_value(SecretId=secret)["SecretString"])


def create(connection: Any, database: str, user: str, password: str) -> None:
    """Makes a user and a database of its own, into which nobody else may connect.

    Args:
        connection: to any database of the server, in autocommit, as who may create databases and roles.
        database: its name.
        user: its owner.
        password: the owner's password.
    """
    sql = import_module("psycopg2.sql")
    # PostgreSQL gets the verifier that it would store, so the password itself is in no log of statements.
    verifier = import_module("psycopg2.extensions").encrypt_password(password, user, connection, "scram-sha-256")
    names = {"user": sql.Identifier(user), "database": sql.Identifier(database), "verifier": sql.Literal(verifier)}

    with connection.cursor() as cursor:

        def run(statement: str) -> None:
            cursor.execute(sql.SQL(statement).format(**names))

        # Runs at the same time wait for each other here; closing the connection lets go.
        cursor.execute("SELECT pg_advisory_lock(hashtext('create database'))")
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [user])
        if not cursor.rowcount:
            run("CREATE ROLE {user}")
        run("ALTER ROLE {user} LOGIN PASSWORD {verifier}")
        # Only a member of a role may make it the owner, and an administrator in the cloud is no superuser.
        run("GRANT {user} TO CURRENT_USER")
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [database])
        if not cursor.rowcount:
            run("CREATE DATABASE {database} OWNER {user}")
        run("REVOKE ALL ON DATABASE {database} FROM PUBLIC")


def main() -> None:
    """Connects as the administrator, and makes what the environment names."""
    who = administrator(os.environ["ADMINISTRATOR"])
    connection = import_module("psycopg2").connect(
        dbname="postgres", user=who["username"], password=who["password"], connect_timeout=10
    )
    connection.autocommit = True  # CREATE DATABASE refuses to run inside a transaction
    create(connection, os.environ["PGDATABASE"], os.environ["PGUSER"], os.environ["PGPASSWORD"])
    connection.close()


if __name__ == "__main__":
    main()
