"""Processes, sockets and connections: everything below ASGI."""
