"""The service: everything that knows HTTP, bytes or the environment. `python -m app` starts it."""
