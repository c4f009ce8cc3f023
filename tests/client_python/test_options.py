"""The client lists the fields that the service takes, and its help fits a screen."""

import pydoc
from typing import Any

import attrs
import pytest

from xent_client import BatchOptions, CompareOptions, LossOptions, LossResult, SampledOptions, Xent
from xent_client.generated.models import CompareRequest, LossRequest, RecommendRequest, SampledSoftmaxRequest
from xent_client.generated.models.loss_request_include_type_0_item import LOSS_REQUEST_INCLUDE_TYPE_0_ITEM_VALUES
from xent_client.results import INCLUDED_ARRAYS

BATCH = {"logits", "labels", "weights"}
LAYER = {"weights", "biases", "inputs", "labels"}
OURS = {"additional_properties", "encoding"}  # the client asks for base64 itself


@pytest.mark.parametrize(
    ("options", "request_model", "arguments"),
    [
        (LossOptions, LossRequest, BATCH),
        (BatchOptions, RecommendRequest, BATCH | {"logits_shape"}),
        (SampledOptions, SampledSoftmaxRequest, LAYER),
        (CompareOptions, CompareRequest, BATCH | {"other_logits"}),
    ],
    ids=["loss", "recommend", "sampled_softmax", "compare"],
)
def test_every_field_of_a_request_is_an_option_with_an_explanation(
    options: Any, request_model: Any, arguments: set[str]
) -> None:
    fields = {field.name for field in attrs.fields(request_model)} - arguments - OURS
    assert {*options.__annotations__} == fields
    explained = (BatchOptions.__doc__ or "") + (options.__doc__ or "")
    assert all(f"\n    {name}: " in explained for name in fields)


def test_every_output_that_can_be_included_is_in_the_result() -> None:
    assert {*INCLUDED_ARRAYS, "summary", "calibration"} == LOSS_REQUEST_INCLUDE_TYPE_0_ITEM_VALUES
    assert set(INCLUDED_ARRAYS) <= set(LossResult.__slots__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", [Xent.loss, Xent.recommend, Xent.sampled_softmax, Xent.evaluate, Xent.limits])
def test_help_fits_a_screen(method: Any) -> None:
    shown = pydoc.plain(pydoc.render_doc(method)).splitlines()
    assert len(shown) <= 30
    signature = shown[2]
    assert len(signature) <= (400 if method is Xent.evaluate else 240)
    assert "numpy" not in signature


@pytest.mark.parametrize(("method", "options"), [(Xent.loss, LossOptions), (Xent.sampled_softmax, SampledOptions)])
def test_help_names_every_option(method: Any, options: Any) -> None:
    shown = pydoc.plain(pydoc.render_doc(method))
    assert all(name in shown for name in options.__annotations__)
