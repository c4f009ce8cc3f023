"""Whether the service is ready for requests."""


class Draining(Exception):
    """The service is shutting down."""


class Readiness:
    """`draining`: the service was told to stop, and accepts requests only until load balancers have noticed."""

    def __init__(self) -> None:
        self.draining = False

    def check(self) -> None:
        """Raises Draining."""
        if self.draining:
            raise Draining
