"""The stages that mlops-scaffold ships, and the shell of a generated repository."""
