# pyrefly: ignore-errors
# It runs in an environment of its own, the only one that holds the app.
"""The app's predictor, with a model that it trains first, and a registry in memory: ``predictor.py PORT``."""

from __future__ import annotations

import sys

from app import steps
from app.registry import CHAMPION
from app.serve import serve
from shelf import Shelf

shelf = Shelf()
shelf.point(CHAMPION, steps.train(shelf, rows=4000, seed=1))
serve(shelf, CHAMPION, host="127.0.0.1", port=int(sys.argv[1]), reload_seconds=1, drain_seconds=0)
