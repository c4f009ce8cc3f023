"""Whoever uses another framework's name is told ours; only where no framework has the name, the nearest spelling."""

import inspect
from typing import get_args

import pytest

from scripts.migration_page import NOT_HERE, migration_page
from xent_core import ParameterOutOfRange, evaluate
from xent_core.framework_names import FIELDS, REDUCTION_NAMES, field_hint, loss_hint, reduction_hint
from xent_core.losses import CATALOGUE, LOSS_TYPES
from xent_core.losses.loss import Framework
from xent_core.results import REDUCTIONS

PARAMETERS = [*inspect.signature(evaluate).parameters]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("bce", "; it is sigmoid_cross_entropy here (from_logits false)"),
        ("BCE", "; it is sigmoid_cross_entropy here (from_logits false)"),
        ("BinaryCrossentropy", "; it is sigmoid_cross_entropy here (from_logits false)"),
        ("categorical_crossentropy", "; it is softmax_cross_entropy here (from_logits false)"),
        (
            "keras.losses.sparse_categorical_crossentropy",
            "; it is sparse_softmax_cross_entropy here (from_logits false)",
        ),
        (
            "BCEWithLogitsLoss",
            "; it is sigmoid_cross_entropy here without pos_weight, or weighted_cross_entropy with pos_weight",
        ),
        (
            "torch.nn.functional.cross_entropy",
            "; it is softmax_cross_entropy here with class probabilities for labels (axis 1), "
            "or sparse_softmax_cross_entropy with class indices for labels (axis 1)",
        ),
        ("nll_loss", "; it is sparse_softmax_cross_entropy here (axis 1)"),
        (
            "log_loss",
            "; it is sigmoid_cross_entropy here with one probability for each sample (from_logits false), "
            "or sparse_softmax_cross_entropy with one probability for each class (from_logits false)",
        ),
        ("softmax_cross_entropy_with_integer_labels", "; it is sparse_softmax_cross_entropy here"),
        ("tf.nn.sampled_softmax_loss", "; it is POST /v1/sampled-softmax here"),
        ("sampled_softmax", "; it is POST /v1/sampled-softmax here"),
        ("sigmoid_cros_entropy", "; did you mean sigmoid_cross_entropy?"),
        ("sigmoid", "; did you mean sigmoid_cross_entropy or sigmoid_focal_cross_entropy?"),
        ("KL", "; did you mean kl_divergence?"),
        ("hinge", ""),
    ],
)
def test_a_loss_of_another_name_is_told_ours(name: str, hint: str) -> None:
    assert loss_hint(name) == hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sum_over_batch_size", "; it is mean here"),
        ("mean_with_sample_weight", "; it is weighted_mean here"),
        ("batchmean", "; it is mean here for logits of shape [B, C]"),
        ("MEAN", "; it is weighted_mean here"),
        ("SUM", "; it is sum here"),
        ("tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS", "; it is mean_by_nonzero_weights here"),
        ("elementwise_mean", "; it is mean here"),
        ("wieghted_mean", "; did you mean weighted_mean?"),
        ("avg", "; did you mean mean, or weighted_mean?"),
        ("Average", "; did you mean mean, or weighted_mean?"),
        ("zzz", ""),
    ],
)
def test_a_reduction_of_another_name_is_told_ours(name: str, hint: str) -> None:
    assert reduction_hint(name) == hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("y_true", "; it is labels here"),
        ("y_pred", "; it is logits here with from_logits false where it holds probabilities"),
        ("sample_weight", "; it is weights here"),
        ("onehot_labels", "; it is labels here"),
        ("weight", "; it is weights here for sigmoid losses, or class_weights for softmax losses"),
        ("ignore_class", "; it is ignore_index here"),
        ("size_average", "; it is reduction here (true is mean, false is sum)"),
        ("eps", "; it is clip here"),
        ("class_weight", "; did you mean class_weights?"),
        ("wieghts", "; did you mean weights?"),
        ("zzz", ""),
        ("w" * 10**6, ""),
    ],
)
def test_a_field_of_another_name_is_told_ours(name: str, hint: str) -> None:
    assert field_hint(name, PARAMETERS) == hint


def test_a_field_is_told_only_of_fields_that_the_request_has() -> None:
    assert field_hint("y_true", ["logits"]) == ""
    assert field_hint("sample_weight", ["weights", "sample_weights"]) == "; did you mean sample_weights?"


def test_every_name_in_the_table_leads_to_ours() -> None:
    for entry in CATALOGUE.values():
        assert entry.names_elsewhere
        for elsewhere in entry.names_elsewhere:
            assert entry.loss_type in loss_hint(elsewhere.name).replace("POST /v1/sampled-softmax", "sampled_softmax")
    for field in FIELDS:
        assert field.ours in PARAMETERS
        assert field.name != field.ours
        if field.name not in PARAMETERS:
            assert field.ours in field_hint(field.name, PARAMETERS)
    for reduction in REDUCTION_NAMES:
        assert reduction.ours in REDUCTIONS
        assert reduction.ours in reduction_hint(reduction.name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss_type": "bce"}, r"was expected; it is sigmoid_cross_entropy here \(from_logits false\)$"),
        ({"reduction": "batchmean"}, r"was expected; it is mean here for logits of shape \[B, C\]$"),
    ],
)
def test_the_functions_tell_it_too(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterOutOfRange, match=message):
        evaluate([[1.0, 2.0]], [0], **changes)  # type: ignore[arg-type]


def test_the_page_has_every_name_under_its_framework() -> None:
    _, *sections = migration_page().split("\n## ")
    assert [section.split("\n", 1)[0] for section in sections] == [*get_args(Framework)]
    for section in sections:
        framework = section.split("\n", 1)[0]
        for entry in CATALOGUE.values():
            for elsewhere in entry.names_elsewhere:
                assert (f"| `{elsewhere.name}`" in section) == any(
                    (each.framework, each.name) == (framework, elsewhere.name) for each in entry.names_elsewhere
                )
        for row in (*FIELDS, *REDUCTION_NAMES):
            if row.framework == framework:
                assert f"| `{row.name}` | `{row.ours}` | {row.when} |" in section


def test_what_is_said_not_to_be_here_is_not() -> None:
    for names in NOT_HERE.values():
        for name in names.split():
            assert not any(loss_type in loss_hint(name) for loss_type in LOSS_TYPES)
