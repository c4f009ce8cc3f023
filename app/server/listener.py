"""Where the service listens."""

import logging
import socket

from app.settings import Settings, kubernetes_variables

CALLERS_WAITING = 2048

logger = logging.getLogger("xent")


def listen(settings: Settings) -> socket.socket:
    """A socket that callers can connect to from now on. Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(CALLERS_WAITING)
    except OSError:
        listener.close()
        raise
    return listener


def announce(listener: socket.socket, settings: Settings) -> None:
    """Say where the service listens, to whoever started it."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if settings.tls_certificate_file else "http"
    address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    logger.info("xent listens on %s, its documentation is at %s/docs", address, address)


def log_ignored_variables() -> None:
    """Name the variables that look like settings and are none, so that nobody takes them for settings."""
    if variables := kubernetes_variables():
        logger.info({"message": "variables that Kubernetes sets for a Service are ignored", "variables": variables})
