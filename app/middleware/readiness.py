"""Whether the service wants requests."""


class Draining(Exception):
    """The service was told to end."""


class Readiness:
    """`draining`: it was told to end, and takes requests only until others know."""

    def __init__(self) -> None:
        self.draining = False

    def check(self) -> None:
        """Raises Draining."""
        if self.draining:
            raise Draining
