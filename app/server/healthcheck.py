"""`python -m app.server.healthcheck`: is the service of this container alive? For its HEALTHCHECK."""

import ssl
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from app.settings import Settings, read_settings

SECONDS = 3

# What listens on all addresses is reached at the loopback's.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  nothing listens here


def main() -> str | None:
    """Why the service is not alive, in one line; or nothing, as it is."""
    try:
        settings = read_settings()
        with closing(_connection(settings)) as connection:
            connection.request("GET", "/livez")
            status = connection.getresponse().status
    except (ValueError, OSError, HTTPException) as error:
        return f"xent: not alive: {(str(error) or type(error).__name__).splitlines()[0]}"
    return None if status == 200 else f"xent: not alive: /livez was answered {status}"


def _connection(settings: Settings) -> HTTPConnection:
    host = LOOPBACK.get(settings.host, settings.host)
    if settings.tls_certificate_file is None:
        return HTTPConnection(host, settings.port, timeout=SECONDS)
    # The certificate is for the name that callers use. Here it is the process next door that is asked for its health.
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, settings.port, timeout=SECONDS, context=unverified)


if __name__ == "__main__":
    sys.exit(main())
