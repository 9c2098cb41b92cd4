"""Brings the accounts of an MLflow server up to date; a Job runs it before the server starts.

It migrates their tables, which otherwise every worker of the server would try at once, and sets the passwords of the
administrator and of the reader. MLflow itself reads the former only while it has no administrator yet, and knows
nothing of the latter.
"""

from __future__ import annotations

import configparser
import os
from importlib import import_module


def main() -> None:
    """Does it for the database and the two accounts that the file at ``MLFLOW_AUTH_CONFIG_PATH`` names."""
    # MLflow is the image's: an import statement would make it a requirement of this repository.
    auth = import_module("mlflow.server.auth")
    config, store = auth.auth_config, auth.store
    store.init_db(config.database_uri)
    file = configparser.ConfigParser()
    file.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    reader = file["reader"]
    for name, password, is_admin in (
        (config.admin_username, config.admin_password, True),
        (reader["username"], reader["password"], False),
    ):
        if not store.has_user(name):
            store.create_user(name, password)
        store.update_user(name, password=password, is_admin=is_admin)


if __name__ == "__main__":
    main()
