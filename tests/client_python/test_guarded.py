"""A service with keys, and one that is full, as the client meets them: named errors, and a second try."""

from pathlib import Path

import pytest

from tests.contract.test_admission import working
from tests.service import Server
from xent_client import Forbidden, Overloaded, Unauthorized, Xent

pytestmark = pytest.mark.unmeasured

LOGITS, LABELS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]], [1, 2]


def test_a_key_is_sent_and_a_missing_or_wrong_one_has_a_name(tmp_path: Path, client_class: type[Xent]) -> None:
    with Server(tmp_path / "log", XENT_API_KEYS="first,second") as server:
        for key, error in [(None, Unauthorized), ("third", Forbidden)]:
            with client_class(server.address, api_key=key) as xent, pytest.raises(error):
                xent.loss(LOGITS, LABELS)
        with client_class(server.address, api_key="second") as xent:
            assert xent.loss(LOGITS, LABELS).reduced


def test_a_full_service_is_asked_again_until_there_is_room(tmp_path: Path, client_class: type[Xent]) -> None:
    with Server(tmp_path / "log", XENT_MAX_REQUESTS_IN_FLIGHT="1") as server:
        with (
            working(server, 1),
            client_class(server.address, retries=0) as xent,
            pytest.raises(Overloaded),
        ):
            xent.loss(LOGITS, LABELS)
        with working(server, 1), client_class(server.address, retries=20) as xent:
            assert xent.loss(LOGITS, LABELS).reduced
