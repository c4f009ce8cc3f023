"""xent_core.equivalents writes the texts that golden/make_equivalents.py has run in their frameworks."""

import ast
import json
from collections import defaultdict
from itertools import compress, product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from xent_core.equivalents import SAMPLED_SOFTMAX_TEXTS, equivalents
from xent_core.losses import LOSS_TYPES
from xent_core.results import REDUCTIONS, LabelKind

VERIFIED = Path(__file__).parent / "golden" / "equivalents.jsonl"
SUMMARY, *CASES = [json.loads(line) for line in VERIFIED.read_text(encoding="utf-8").splitlines()]
FRAMEWORKS = ["tensorflow1", "tensorflow2", "keras", "pytorch", "optax"]
SPARSE = {
    "logits_shape": (32, 10),
    "labels_shape": (32,),
    "labels_dtype": np.dtype("int64"),
    "label_kind": "class_indices",
}
BINARY = {
    "logits_shape": (32, 10),
    "labels_shape": (32, 10),
    "labels_dtype": np.dtype("float32"),
    "label_kind": "multi_hot",
}


def texts_for(parameters: dict[str, Any]) -> dict[str, str]:
    shapes = {name: tuple(value) for name, value in parameters.items() if isinstance(value, list)}
    return equivalents(**parameters | shapes | {"labels_dtype": np.dtype(parameters["labels_dtype"])})


@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_writes_what_was_verified(loss_type: str) -> None:
    cases = [case for case in CASES if case["parameters"]["loss_type"] == loss_type]
    assert cases
    for case in cases:
        assert texts_for(case["parameters"]) == case["texts"], case["parameters"]


def test_a_text_is_an_expression_or_ends_in_the_loss() -> None:
    for texts in [*(case["texts"] for case in CASES), SAMPLED_SOFTMAX_TEXTS]:
        assert list(texts) == FRAMEWORKS
        for text in texts.values():
            *_, last = ast.parse(text).body
            assert isinstance(last, ast.Expr) == (len(text.splitlines()) == 1), text
            assert isinstance(last, ast.Expr) or ast.unparse(last).startswith("loss = "), text


def test_every_option_was_verified() -> None:
    seen: dict[str, set[Any]] = defaultdict(set)
    for case in CASES:
        for name, value in case["parameters"].items():
            seen[name].add(tuple(value) if isinstance(value, list) else value)
    assert len(CASES) == SUMMARY["written"]
    assert seen["loss_type"] == set(LOSS_TYPES)
    assert seen["reduction"] == set(REDUCTIONS)
    assert seen["label_kind"] >= set(get_args(LabelKind)) - {"soft_binary"}  # written as binary is
    assert {len(shape) for shape in seen["logits_shape"]} == {1, 2, 3, 4}
    assert seen["axis"] >= {-1, 0, 1, 2}
    assert seen["labels_dtype"] >= {"float64", "int64", "int32", "bool"}
    assert seen["pos_weight"] >= {"array", 7.3}
    assert seen["weights"] >= {0.0, 2.3, (4,), (2, 1), (2, 4), (2, 1, 4)}
    assert seen["ignore_index"] >= {-100, 1, 255}
    assert seen["class_weights"] == {True, (0.5, 0.125, 1 / 3)}
    assert seen["from_logits"] == {False}
    assert seen["clip"] == {0.01, 1e-12, 0.0}
    assert max(seen["label_smoothing"]) > 0


@pytest.mark.parametrize(
    ("loss_type", "label_kind", "own_parameter"),
    [
        ("sparse_softmax_cross_entropy", "class_indices", {"class_weights": True}),
        ("sparse_softmax_cross_entropy", "one_hot", {"class_weights": True}),
        ("softmax_cross_entropy", "distribution", {"class_weights": True}),
        ("weighted_cross_entropy", "soft_multi_label", {"pos_weight": "array"}),
    ],
)
def test_every_combination_of_options_was_verified(
    loss_type: str, label_kind: str, own_parameter: dict[str, Any]
) -> None:
    verified = {framework: {case["texts"][framework] for case in CASES} for framework in FRAMEWORKS}
    choices: list[dict[str, Any]] = [own_parameter, {"label_smoothing": 0.1}, {"weights": (4,)}, {"from_logits": False}]
    for taken in product((False, True), repeat=len(choices)):
        chosen = {name: value for choice in compress(choices, taken) for name, value in choice.items()}
        named = loss_type
        if loss_type == "weighted_cross_entropy" and "pos_weight" not in chosen:
            named = "sigmoid_cross_entropy"
        for reduction in REDUCTIONS:
            texts = equivalents(
                named,
                logits_shape=(4, 3),
                labels_shape=(4,) if label_kind == "class_indices" else (4, 3),
                labels_dtype=np.dtype("int64" if label_kind == "class_indices" else "float64"),
                label_kind=label_kind,
                reduction=reduction,
                **chosen,
            )
            for framework, text in texts.items():
                assert text in verified[framework]


def test_frameworks_agreed_with_xent_core() -> None:
    assert list(SUMMARY["worst_relative_error"]) == FRAMEWORKS
    for framework, worst in SUMMARY["worst_relative_error"].items():
        assert worst["float64"] < (1e-6 if framework == "tensorflow1" else 1e-12)
        assert worst["float32"] < 2e-5


def test_the_plain_loss_is_the_plain_call() -> None:
    assert equivalents("sparse_softmax_cross_entropy", **SPARSE) == {
        "tensorflow1": "tf.compat.v1.losses.sparse_softmax_cross_entropy("
        "labels, logits, reduction=tf.compat.v1.losses.Reduction.SUM_OVER_BATCH_SIZE)",
        "tensorflow2": "tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))",
        "keras": 'keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum_over_batch_size")'
        "(labels, logits)",
        "pytorch": 'F.cross_entropy(logits, labels, reduction="mean")',
        "optax": "jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))",
    }


def test_numbers_are_those_of_the_request() -> None:
    for pos_weight in (3, 12.25):
        texts = equivalents("weighted_cross_entropy", **BINARY, pos_weight=pos_weight)
        assert all(repr(float(pos_weight)) in text for text in texts.values())
    assert "ignore_index=7" in equivalents("sparse_softmax_cross_entropy", **SPARSE, ignore_index=7)["pytorch"]
    assert "weights=0.5" in equivalents("sigmoid_cross_entropy", **BINARY, weights=0.5)["tensorflow1"]


def test_few_suggested_class_weights_are_written_out_and_many_are_named() -> None:
    few, many = (0.5,) * 20, (0.5,) * 21
    for framework, text in equivalents("sparse_softmax_cross_entropy", **SPARSE, class_weights=few).items():
        assert text.startswith("class_weights = "), framework
        assert str([*few]) in text
    named = equivalents("sparse_softmax_cross_entropy", **SPARSE, class_weights=True)
    assert equivalents("sparse_softmax_cross_entropy", **SPARSE, class_weights=many) == named


def test_texts_can_be_changed_without_harm() -> None:
    equivalents("sigmoid_cross_entropy", **BINARY).clear()
    assert list(equivalents("sigmoid_cross_entropy", **BINARY)) == FRAMEWORKS
