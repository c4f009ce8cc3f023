"""The states of a connection and the transitions between them. A connection has one request at a time."""

from enum import IntEnum, auto


class State(IntEnum):
    """The state of a connection."""

    IDLE = auto()
    """Between two requests: nothing of the next one has arrived."""
    HEAD = auto()
    """The request line and headers are arriving."""
    WAITING = auto()
    """A large request waits for room at the gate. Nothing is read."""
    BODY = auto()
    """The application has the request; its body is arriving."""
    DISCARDING = auto()
    """The response is sent; the rest of the body is discarded."""
    RESPONDING = auto()
    """The request is complete, and its response is outstanding. Reading is paused."""
    SENDING = auto()
    """As RESPONDING, but the client has not read all that was written."""
    CLOSING = auto()
    """The last response is written. Further bytes are discarded."""
    CLOSED = auto()


class Event(IntEnum):
    """An event of a connection."""

    BEGIN = auto()
    """The first byte of a request."""
    WAIT = auto()
    """The head is complete, and the gate has no room for the body."""
    ACCEPT = auto()
    """The head is complete, and the application gets the request."""
    SHED = auto()
    """The head is complete, and the request is shed. The connection stays open."""
    WHOLE = auto()
    """The last byte of a request."""
    BACKLOG = auto()
    """The client reads its response more slowly than it is written."""
    RESPONDED = auto()
    """The response is complete, and little of it is unread."""
    CLOSE = auto()
    """The last response is written, or the connection is given up."""
    LOST = auto()
    """The connection is closed."""


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
"""Other transitions are impossible."""

READS = frozenset({State.IDLE, State.HEAD, State.BODY, State.DISCARDING})
"""The states in which received bytes are parsed. In the others they wait."""
UNACCEPTED = frozenset({State.IDLE, State.HEAD})
"""The states in which the connection may be closed for another one: it has no complete head."""
