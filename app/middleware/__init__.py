"""One concept of HTTP per file, each an ASGI layer around the routes."""
