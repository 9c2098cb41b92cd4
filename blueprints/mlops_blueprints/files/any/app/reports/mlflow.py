"""Reports in MLflow, a run each, in an experiment beside the model's own; the files lie in the server's storage."""

from __future__ import annotations

from dataclasses import asdict

from app.drift import Report
from app.registry.mlflow import mlflow  # set up there, before it is imported
from app.reports.page import page

PAGE = "report.html"


class MlflowReports:
    """The reports on all models, each model's in the experiment ``<model>-drift``."""

    def keep(self, report: Report) -> str:
        """Logs a run: the scores as metrics, which MLflow draws over time, and the report as JSON and as a page."""
        mlflow.set_experiment(f"{report.name}-drift")
        scores = {f"psi.{each.column}": each.score for each in report.comparisons if each.score is not None}
        with mlflow.start_run(run_name=report.made):
            mlflow.log_params({"version": report.version, "hours": report.hours, "threshold": report.threshold})
            mlflow.log_metrics(scores)
            mlflow.log_dict(asdict(report), "report.json")
            mlflow.log_text(page(report), PAGE)
            place = mlflow.get_artifact_uri(PAGE)
        return place
