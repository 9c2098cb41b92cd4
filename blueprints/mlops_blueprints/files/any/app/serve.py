"""The predictor over HTTP.

One process, one core: in a cluster, more of it is more pods. A prediction takes well under a millisecond, so it runs
where the request is read; only the look at the registry has a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread
from time import perf_counter

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.data import Customer
from app.metrics import Metrics
from app.predict import Answer, Predictor
from app.registry import Registry

log = logging.getLogger(__name__)

MAX_ROWS = 100
"""Rows a request: as many as hold up the others for a few milliseconds. Whoever has more has a table, and wants a batch
job."""
MAX_BODY = 64 * 1024
"""Bytes a request: 100 rows take some 15 kB."""
REQUEST_SECONDS = 5
"""How long a request may take, its sending included."""
KEEP_ALIVE_SECONDS = 75
"""How long a connection may idle: longer than the 60 s after which an AWS load balancer lets go of it, for whoever lets
go first must not be the one who may just be sent a request."""
LOGGED = 100
"""How many characters of a name that somebody else has chosen go into the log."""
FINISH_SECONDS = 2 * REQUEST_SECONDS
"""How long a stop waits for requests under way."""


class Question(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Customer] = Field(min_length=1, max_length=MAX_ROWS)


def create(predictor: Predictor, reload_seconds: float) -> FastAPI:
    """The web application around a predictor, which it keeps up to date for as long as it runs."""

    @asynccontextmanager
    async def following(_: FastAPI) -> AsyncIterator[None]:
        stopped = Event()
        # A daemon: a registry that hangs does not keep the process from ending.
        Thread(target=predictor.follow, args=(reload_seconds, stopped), daemon=True).start()
        yield
        stopped.set()

    app = FastAPI(title=predictor.registry.name, lifespan=following, max_body_size=MAX_BODY)
    app.state.stopping = False
    app.add_middleware(Watch, metrics=predictor.metrics)

    @app.post("/predict")
    async def predict(question: Question) -> Answer:
        """How likely each customer is to leave."""
        if (answer := predictor.predict(question.rows)) is None:
            raise HTTPException(503, "no model is loaded yet", {"Retry-After": "5"})
        return answer

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers; whether it has a model is another question."""
        return {"status": "alive"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Whether requests are welcome; if not, 503 with the reason."""
        if app.state.stopping:
            raise HTTPException(503, "the process is about to end")
        if predictor.version is None:
            raise HTTPException(503, predictor.missing)
        return {"status": "ready", "version": predictor.version.number, "code": predictor.registry.code}

    @app.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(generate_latest(predictor.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        """Says what is wrong and where, without the value: it may be NaN, which an answer in JSON cannot hold."""
        problems = [{key: problem[key] for key in ("loc", "msg", "type")} for problem in error.errors()]
        where = ".".join(map(str, problems[0]["loc"]))[:LOGGED]
        log.info("refused", extra={"fields": {"where": where, "why": problems[0]["type"]}})
        return JSONResponse({"detail": problems}, 422)

    return app


class Watch:
    """Around all else: ends a request that takes too long, and measures and logs every one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, or passes on what is none."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = perf_counter(), None

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if scope["app"].state.stopping:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self.app(scope, receive, answer)
        except TimeoutError:
            late = JSONResponse({"detail": f"the request took longer than {REQUEST_SECONDS} s"}, 408)
            await late(scope, receive, answer)
        finally:
            seconds = perf_counter() - started
            path, status = getattr(scope.get("route"), "path", "unknown"), status or 500
            self.metrics.latency.labels(path, str(status)).observe(seconds)
            if path == "/predict":
                log.info("answered", extra={"fields": {"path": path, "status": status, "seconds": round(seconds, 6)}})


class Server(uvicorn.Server):
    """Uvicorn, which on SIGTERM says first that it is not ready, and goes on answering until that is known."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self.state = app.state
        self.drain_seconds = drain_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Turns away by degrees: not ready, then no new connection, then the last answer."""
        self.state.stopping = True
        log.info("stopping", extra={"fields": {"drain_seconds": self.drain_seconds}})
        await asyncio.sleep(self.drain_seconds)
        await super().shutdown(sockets)


def serve(registry: Registry, alias: str, host: str, port: int, reload_seconds: float, drain_seconds: float) -> None:
    """Answers requests until SIGTERM or Ctrl-C.

    Args:
        registry: where the model is.
        alias: which version of it to serve.
        host: the address to listen on.
        port: the port to listen on.
        reload_seconds: the time between two looks at the alias.
        drain_seconds: how long to go on answering after a SIGTERM.
    """
    app = create(Predictor(registry, alias), reload_seconds)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    Server(config, app, drain_seconds).run()
