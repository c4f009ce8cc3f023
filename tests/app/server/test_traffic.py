"""What the connections of a worker share: who is closed for the sake of others."""

from app.main import create_app
from app.server.traffic import Traffic
from app.settings import Settings


class Reader:
    """A client that reads its response at a pace, or has begun to just now, and the bytes that its response holds."""

    def __init__(self, pace: float | None, held: int) -> None:
        self.pace = pace
        self.held = held
        self.is_given_up = False

    def reading_pace(self) -> float | None:
        return self.pace

    def give_up_response(self) -> int:
        self.is_given_up = True
        return self.held


def test_the_slowest_readers_lose_their_responses_until_there_is_room() -> None:
    traffic = Traffic(create_app(Settings()))
    readers = [Reader(5.0, 10), Reader(None, 10), Reader(1.0, 10), Reader(3.0, 10)]
    traffic.slow_readers.update(dict.fromkeys(readers))
    traffic.in_flight.make_room(15)
    assert [each.is_given_up for each in readers] == [False, False, True, True]
