"""GET /learn and below, as a browser gets it."""

import httpx
import pytest

from tests.service import problem
from xent_core.losses import CATALOGUE


def test_the_index_lists_every_loss(client: httpx.Client) -> None:
    response = client.get("/learn")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert all(f'href="learn/{loss_type}?lang=en"' in response.text for loss_type in CATALOGUE)


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("/learn/softmax-twice", "zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("/learn/softmax-twice", "zh-CN,zh;q=0.9", "zh-Hans"),
        ("/learn/softmax-twice", "fr", "en"),
        ("/learn/softmax-twice?lang=zh-Hans", "en", "zh-Hans"),
    ],
)
def test_a_page_comes_in_the_language_that_is_asked_for(
    client: httpx.Client, address: str, accepted: str, language: str
) -> None:
    response = client.get(address, headers={"Accept-Language": accepted})
    assert response.headers["content-language"] == language
    assert response.headers["vary"] == "Accept-Encoding, Accept-Language"
    assert f'<html lang="{language}">' in response.text


def test_the_policy_allows_no_other_host_and_nothing_inline(client: httpx.Client) -> None:
    policy = client.get("/learn/softmax-twice").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


def test_the_type_of_a_problem_is_the_address_of_its_page(client: httpx.Client) -> None:
    refused = problem(client.post("/v1/loss", json={"logits": [[2.0, 0.5]], "labels": [2]}), 422)
    assert refused["type"] == "/learn/label_out_of_range"
    assert "A class index is out of range" in client.get(refused["type"]).text


def test_a_page_that_is_none_is_not_found_and_the_nearest_is_named(client: httpx.Client) -> None:
    assert problem(client.get("/learn/softmax_cross_entrop"), 404)["detail"] == (
        "there is no such page; GET /learn lists all; did you mean softmax_cross_entropy?"
    )
