"""The service: everything that knows HTTP, bytes or the environment. `python -m app` starts it."""

__version__ = "0.2.0"
