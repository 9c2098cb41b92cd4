"""Brings the accounts of an MLflow server up to date; a Job runs it before the server starts.

It migrates their tables, which otherwise every worker of the server would try at once, and sets the passwords of the
administrator, of the writer and of the reader. MLflow itself reads the first only while it has no administrator yet,
and knows nothing of the others.
"""

from __future__ import annotations

import configparser
import os
from importlib import import_module

WRITTEN = ("experiment", "registered_model")
"""What the writer may change whoever made it, as MLflow calls it. Runs and files are their experiment's."""


def main() -> None:
    """Does it for the database and the three accounts that the file at ``MLFLOW_AUTH_CONFIG_PATH`` names."""
    # MLflow is the image's: an import statement would make it a requirement of this repository.
    auth = import_module("mlflow.server.auth")
    config, store = auth.auth_config, auth.store
    store.init_db(config.database_uri)
    file = configparser.ConfigParser()
    file.read(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    writer, reader = file["writer"], file["reader"]
    for name, password, is_admin in (
        (config.admin_username, config.admin_password, True),
        (writer["username"], writer["password"], False),
        (reader["username"], reader["password"], False),
    ):
        if not store.has_user(name):
            store.create_user(name, password)
        store.update_user(name, password=password, is_admin=is_admin)
    for what in WRITTEN:
        # All of them: a job goes on with what a person began, and older ones were made by the administrator.
        store.grant_user_permission(writer["username"], what, "*", "EDIT")


if __name__ == "__main__":
    main()
