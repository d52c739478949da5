"""From the socket to the apps, and the processes that do it. Knows WSGI and nothing of what is served."""

from gateway.serving.forwarded import forwarded
from gateway.serving.server import Limits, Server
from gateway.serving.supervisor import Child, StartFailed, listen, print_ready, supervise
from gateway.serving.wire import tls_context
from gateway.serving.worker import Lifeline, inherited_socket, run_worker

__all__ = [
    "Child",
    "Lifeline",
    "Limits",
    "Server",
    "StartFailed",
    "forwarded",
    "inherited_socket",
    "listen",
    "print_ready",
    "run_worker",
    "supervise",
    "tls_context",
]
