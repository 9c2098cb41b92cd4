"""How the engine talks to a plugin: it starts an executable, reads a port from its first line, and dials it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc


def serve(add: Callable[[grpc.Server], None]) -> None:
    """Serves a plugin until the engine ends the process.

    Args:
        add: adds the plugin's service to a server.
    """
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", 400 << 20)])
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    with contextlib.suppress(KeyboardInterrupt):  # the engine ends its plugins so
        server.wait_for_termination()
