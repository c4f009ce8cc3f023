"""GET /v1/losses and GET /v1/losses/{loss_type}: the catalogue, as a reader finds it."""

import ast

import httpx
import pytest

from tests.service import problem
from xent_core.losses import CATALOGUE

FRAMEWORKS = ["tensorflow1", "tensorflow2", "keras", "pytorch", "optax"]


def test_the_catalogue_lists_every_loss(client: httpx.Client) -> None:
    losses = client.get("/v1/losses").json()["losses"]
    assert [entry["loss_type"] for entry in losses] == list(CATALOGUE)


@pytest.mark.parametrize("loss_type", CATALOGUE)
def test_an_entry_alone_is_that_of_the_list(client: httpx.Client, loss_type: str) -> None:
    entry = client.get(f"/v1/losses/{loss_type}").json()
    assert entry in client.get("/v1/losses").json()["losses"]
    assert entry["loss_type"] == loss_type


@pytest.mark.parametrize("loss_type", CATALOGUE)
def test_the_example_of_an_entry_runs_at_its_endpoint(client: httpx.Client, loss_type: str) -> None:
    entry = client.get(f"/v1/losses/{loss_type}").json()
    response = client.post(entry["endpoint"], json=entry["example"])
    assert response.status_code == 200
    assert response.json().get("loss_type", loss_type) == loss_type


@pytest.mark.parametrize("loss_type", CATALOGUE)
def test_an_entry_has_the_call_of_every_framework(client: httpx.Client, loss_type: str) -> None:
    equivalents = client.get(f"/v1/losses/{loss_type}").json()["equivalents"]
    assert list(equivalents) == FRAMEWORKS
    for text in equivalents.values():
        ast.parse(text)


def test_the_weighted_entry_shows_the_examples_own_pos_weight(client: httpx.Client) -> None:
    entry = client.get("/v1/losses/weighted_cross_entropy").json()
    assert entry["example"]["pos_weight"] == 3.0
    assert all("3.0" in text for text in entry["equivalents"].values())


def test_a_loss_that_is_none_is_not_found_and_the_error_lists_those_there_are(client: httpx.Client) -> None:
    detail = problem(client.get("/v1/losses/hinge"), 404)["detail"]
    assert all(loss_type in detail for loss_type in CATALOGUE)
