"""Brings the accounts of an MLflow server up to date; a Job runs it before the server starts.

It migrates their tables, which otherwise every worker of the server would try at once, and gives the administrator the
password of the configuration, which MLflow itself reads only while it has no administrator yet.
"""

from __future__ import annotations

from importlib import import_module


def main() -> None:
    """Does it for the database and the administrator that ``MLFLOW_AUTH_CONFIG_PATH`` names."""
    # MLflow is the image's: an import statement would make it a requirement of this repository.
    auth = import_module("mlflow.server.auth")
    config, store = auth.auth_config, auth.store
    store.init_db(config.database_uri)
    auth.create_admin_user(config.admin_username, config.admin_password)
    store.update_user(config.admin_username, password=config.admin_password, is_admin=True)


if __name__ == "__main__":
    main()
