"""`python -m app.server.healthcheck`: checks that the service of this container is alive, for its HEALTHCHECK."""

import socket
import ssl
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from app.settings import Settings, read_settings

SECONDS = 3

# A service that listens on all addresses is reached at the loopback address.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  nothing listens on it here


def main() -> str | None:
    """None if the service is alive, otherwise the reason in one line."""
    try:
        settings = read_settings()
        with closing(_connection(settings)) as connection:
            connection.request("GET", "/livez")
            status = connection.getresponse().status
    except (ValueError, OSError, HTTPException) as error:
        return f"xent: not alive: {(str(error) or type(error).__name__).splitlines()[0]}"
    return None if status == 200 else f"xent: not alive: /livez returned {status}"


def _connection(settings: Settings) -> HTTPConnection:
    if settings.uds is not None:
        return _unix_connection(str(settings.uds))
    host = LOOPBACK.get(settings.host, settings.host)
    if settings.tls_certificate_file is None:
        return HTTPConnection(host, settings.port, timeout=SECONDS)
    # The certificate is for the name that clients use, not for the loopback address.
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, settings.port, timeout=SECONDS, context=unverified)


def _unix_connection(path: str) -> HTTPConnection:
    """Raises OSError."""
    connection = HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(SECONDS)
    try:
        connection.sock.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


if __name__ == "__main__":
    sys.exit(main())
