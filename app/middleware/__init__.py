"""ASGI layers around the routes, one HTTP concept per file."""
