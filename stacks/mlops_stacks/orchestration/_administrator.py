"""Gives Airflow its administrator, and the administrator the password; a Job runs it before the servers start.

``ADMINISTRATOR`` and ``ADMINISTRATOR_PASSWORD`` say who. A second run changes nothing; with another password, it sets
that. Airflow's own command makes a user, but leaves alone one that is there.
"""

from __future__ import annotations

import os
from importlib import import_module

MODULE = "airflow.providers.fab.auth_manager.cli_commands.utils"


def main() -> None:
    """Does it in the database that Airflow is configured for."""
    name, password = os.environ["ADMINISTRATOR"], os.environ["ADMINISTRATOR_PASSWORD"]
    # Airflow is the image's: an import statement would make it a requirement of this repository.
    application_builder = import_module(MODULE).get_application_builder
    with application_builder() as application:
        users = application.sm
        if user := users.find_user(name):
            users.reset_password(user.id, password)
        elif not users.add_user(name, name, name, f"{name}@localhost", users.find_role("Admin"), password):
            raise SystemExit(f"could not make the user {name}: the log above says why")


if __name__ == "__main__":
    main()
