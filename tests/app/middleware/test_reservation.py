"""What a request has reserved, apart from any connection."""

from app.middleware.reservation import InFlight, Reservation


def test_a_reservation_without_a_place_grows_none() -> None:
    in_flight = InFlight(2, 1000)
    reservation = Reservation(in_flight)
    reservation.reserve(10)
    reservation.grow_place(10)
    assert in_flight.bytes == 10


def test_a_reservation_is_never_made_larger_by_shrinking_it() -> None:
    in_flight = InFlight(2, 1000)
    reservation = Reservation(in_flight)
    reservation.reserve(10)
    reservation.shrink(20)
    assert (reservation.bytes, in_flight.bytes) == (10, 10)
    reservation.shrink(4)
    assert (reservation.bytes, in_flight.bytes) == (4, 4)
    reservation.release()
    assert in_flight.bytes == 0
