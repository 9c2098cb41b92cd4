"""Generates a deployable Pulumi project for an MLOps platform, and previews it with nothing at hand."""

__version__ = "0.1.0"
