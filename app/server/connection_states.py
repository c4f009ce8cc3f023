"""The states of a connection, and which event leads from one to another. It has one request at a time."""

from enum import IntEnum, auto


class State(IntEnum):
    """Where a connection stands."""

    IDLE = auto()
    """Between two requests: nothing of the next one has come."""
    HEAD = auto()
    """A request's first line and headers come."""
    WAITING = auto()
    """A large request waits for room at the gate. Nothing is read."""
    BODY = auto()
    """The application has the request, and its body comes."""
    DISCARDING = auto()
    """The request has its response, and the rest of its body is passed over."""
    RESPONDING = auto()
    """The request is whole, and its response is outstanding. What comes behind it is kept, and no more is read."""
    SENDING = auto()
    """Likewise, but of the response more was written than the client has read."""
    CLOSING = auto()
    """The last response is written. What still comes is discarded."""
    CLOSED = auto()


class Event(IntEnum):
    """What happens to a connection."""

    BEGIN = auto()
    """The first byte of a request."""
    WAIT = auto()
    """The head is complete, and there is no room for the body now."""
    ACCEPT = auto()
    """The head is complete, and the application gets the request."""
    SHED = auto()
    """The head is complete, and the request is refused, as there is no room for it. The connection goes on."""
    WHOLE = auto()
    """The last byte of a request."""
    BACKLOG = auto()
    """The client does not read its response as fast as it is written."""
    RESPONDED = auto()
    """The response is written to its end, and what waits of it is little."""
    CLOSE = auto()
    """The last response was written, or the connection is given up."""
    LOST = auto()
    """The connection is gone."""


ENDS = {Event.CLOSE: State.CLOSING, Event.LOST: State.CLOSED}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.IDLE: {Event.BEGIN: State.HEAD, **ENDS},
    State.HEAD: {Event.WAIT: State.WAITING, Event.ACCEPT: State.BODY, Event.SHED: State.DISCARDING, **ENDS},
    State.WAITING: {Event.ACCEPT: State.BODY, **ENDS},
    State.BODY: {Event.WHOLE: State.RESPONDING, Event.RESPONDED: State.DISCARDING, Event.BACKLOG: State.BODY, **ENDS},
    State.DISCARDING: {Event.WHOLE: State.IDLE, Event.BACKLOG: State.DISCARDING, **ENDS},
    State.RESPONDING: {Event.BACKLOG: State.SENDING, Event.RESPONDED: State.IDLE, **ENDS},
    State.SENDING: {Event.BACKLOG: State.SENDING, Event.RESPONDED: State.IDLE, **ENDS},
    State.CLOSING: {Event.BACKLOG: State.CLOSING, Event.CLOSE: State.CLOSING, Event.LOST: State.CLOSED},
    State.CLOSED: {},
}
"""What is not here does not happen."""

READS = frozenset({State.IDLE, State.HEAD, State.BODY, State.DISCARDING})
"""In these states what comes is parsed. In the others it waits."""
UNACCEPTED = frozenset({State.IDLE, State.HEAD})
"""In these the connection may be closed to make place for another: it has no request yet."""
