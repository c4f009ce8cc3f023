"""The listening socket, and what the log says about it."""

import logging
import socket

from app.server import unix_socket
from app.settings import Settings, kubernetes_variables

BACKLOG = 2048

logger = logging.getLogger("xent")


def listen(settings: Settings) -> socket.socket:
    """A socket that clients can connect to. Raises OSError."""
    listener = socket.socket(_family(settings))
    try:
        if settings.uds is not None:
            unix_socket.bind(listener, settings.uds)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _family(settings: Settings) -> socket.AddressFamily:
    if settings.uds is not None:
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in settings.host else socket.AF_INET


def announce(listener: socket.socket, settings: Settings) -> None:
    """Log the address that the service listens on."""
    if settings.uds is not None:
        logger.info("xent listens on unix:%s", settings.uds)
        return
    host, port = listener.getsockname()[:2]
    scheme = "https" if settings.tls_certificate_file else "http"
    address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    logger.info("xent listens on %s, page at %s/, documentation at %s/docs", address, address, address)


def log_ignored_variables() -> None:
    """Log the variables that look like settings but are set by Kubernetes for a Service named xent."""
    if variables := kubernetes_variables():
        logger.info({"message": "ignoring variables that Kubernetes sets for a Service", "variables": variables})
