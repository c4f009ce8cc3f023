"""A request that makes each mistake, and the same without it: what the pages of warnings and errors show."""

from functools import cache
from typing import NamedTuple

from app.api.examples import LOSS_EXAMPLES, SAMPLED_EXAMPLES
from app.learn.answers import Fields, answer, written
from xent_core.losses.sampled_softmax import SAMPLED_SOFTMAX, TRAIN_ONLY

LOSS = "/v1/loss"


class Mistake(NamedTuple):
    """Two request bodies; `fixed` is empty where the endpoint has no right request."""

    endpoint: str
    body: str
    fixed: str = ""


def of_warning(code: str) -> Mistake | None:
    """The example that is answered with this warning: fixed by its `change`, or else as `REPAIRS` says."""
    if code == TRAIN_ONLY:
        return Mistake(SAMPLED_SOFTMAX.endpoint, written(SAMPLED_EXAMPLES["drawn"]["value"]))
    fields = _examples().get(code)
    if fields is None:
        return None
    repaired = _repaired(code, fields)
    return Mistake(LOSS, written(fields), "" if repaired is None else written(repaired))


def _repaired(code: str, fields: Fields) -> Fields | None:
    if code in REPAIRS:
        return _changed(fields, REPAIRS[code])
    (warning,) = (each for each in answer(LOSS, written(fields)).warnings if each.code == code)
    return None if warning.change is None else fields | warning.change


def _changed(fields: Fields, repair: Fields) -> Fields:
    """The fields with others in their place; None takes one away."""
    return {name: value for name, value in (fields | repair).items() if value is not None}


@cache
def _examples() -> dict[str, Fields]:
    """Of the documentation's examples, for each code of a warning the one with the fewest others, and the shortest."""
    examples = [(answer(LOSS, written(each["value"])).warnings, each["value"]) for each in LOSS_EXAMPLES.values()]
    examples.sort(key=lambda each: (len(each[0]), len(written(each[1]))))
    found: dict[str, Fields] = {}
    for warnings, example in examples:
        for warning in warnings:
            found.setdefault(warning.code, example)
    return found


def of_error(code: str) -> Mistake | None:
    """A request that is refused with this code, and one that is not."""
    if code == "not_json":
        right = written(FEW | {"labels": [1, 2]})
        return Mistake(LOSS, right.replace('"', "'"), right)
    if code not in ERRORS:
        return None
    wrong, repair = ERRORS[code]
    return Mistake(LOSS, written(wrong), written(_changed(wrong, repair)))


FEW: Fields = {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]}
BOTH: Fields = FEW | {"labels": [1, 2]}
_SHIFTED = LOSS_EXAMPLES["mistake_shifted_twice"]["value"]

REPAIRS: dict[str, Fields] = {
    "labels_almost_a_distribution": {"labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.1, 0.6, 0.3]]},
    "labels_may_be_padded_one_hot": {
        "loss_type": "softmax_cross_entropy",
        "weights": [1] * 20 + [0] * 4,
        "reduction": "weighted_mean",
    },
    "one_hot_labels_could_be_indices": {"labels": [1, 2]},
    "scalar_weight_only_rescales": {"weights": None, "loss_type": "weighted_cross_entropy", "pos_weight": 2.0},
    "weights_enlarge_imbalance": {"class_weights": [0.3667, 7.333, 7.333], "reduction": "weighted_mean"},
    "all_weights_zero": {"weights": None},
    "nothing_counts": {"labels": [-100, 2]},
    "negative_weight": {"weights": [1.0, 0.5]},
    "negative_pos_weight": {"pos_weight": 0.2},
    "labels_outside_unit_interval": {"labels": [1, 0, 0]},
    "probabilities_clipped": {"logits": [[12.0, -9.0, -3.0], [0.2, 0.6, 1.1]], "from_logits": None},
    "probabilities_rescaled": {"logits": [[0.25, 0.25, 0.5], [0.2, 0.3, 0.5]]},
    "labels_may_be_shifted_twice": {
        "logits": [rows[1:] for rows in _SHIFTED["logits"]],
        "labels": [labels[:-1] for labels in _SHIFTED["labels"]],
    },
    "worse_than_uniform": {"labels": [0, 1, 2, 0] * 6},
    "logits_never_negative": {
        "logits": [[-1.2, 1.5, -0.4, 0.3], [2.0, -0.8, -2.1, -0.2], [-0.6, -1.7, 0.7, 3.1], [0.9, -0.3, -1.0, -2.4]] * 3
    },
    "logits_within_one": {
        "logits": [[2.6, -2.3, 0.2], [-2.6, 2.1, -0.4], [0.5, -2.6, 2.3], [-2.1, 0.3, 2.6]] * 2,
    },
    "identical_rows": {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [-0.4, 1.8, 0.2]] * 8},
    "infinite_loss": {"logits": [[2.0, 0.5, 1.0]]},
}
"""The fields to set where a warning has no `change`, or one that is not the best there is."""

ERRORS: dict[str, tuple[Fields, Fields]] = {
    "not_numeric": (FEW | {"labels": ["cat", "dog"]}, {"labels": [1, 2]}),
    "ragged": (BOTH | {"logits": [[2.0, 0.5, 1.0], [0.1, 1.0]]}, FEW),
    "empty": ({"logits": [], "labels": []}, BOTH),
    "nan": (
        {"logits": {"dtype": "float32", "shape": [1, 3], "data": "AADAfwAAAD8AAIA/"}, "labels": [1]},
        {"logits": {"dtype": "float32", "shape": [1, 3], "data": "AAAAQAAAAD8AAIA/"}},
    ),
    "infinite": ({"logits": [["Infinity", 0.5, 1.0], [0.1, 1.0, 3.0]], "labels": [1, 2]}, FEW),
    "wrong_shape": (FEW | {"labels": [[1], [2]]}, {"labels": [1, 2]}),
    "axis_out_of_range": (BOTH | {"axis": 2}, {"axis": 1}),
    "label_out_of_range": (FEW | {"labels": [1, 3]}, {"labels": [1, 2]}),
    "label_not_whole": (
        FEW | {"labels": [1, 1.5], "loss_type": "sparse_softmax_cross_entropy"},
        {"labels": [1, 2]},
    ),
    "not_one_hot": (
        FEW | {"labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]], "loss_type": "generalized_cross_entropy"},
        {"labels": [[0, 0, 1], [0, 1, 0]]},
    ),
    "not_a_probability": (BOTH | {"from_logits": False}, {"from_logits": True}),
    "masked_row": (
        {"logits": [["-Infinity", "-Infinity", "-Infinity"], [0.1, 1.0, 3.0]], "labels": [1, 2]},
        {"weights": [0, 1], "reduction": "weighted_mean"},
    ),
    "parameter_out_of_range": (BOTH | {"label_smoothing": 1.5}, {"label_smoothing": 0.1}),
    "unexpected_parameter": (
        BOTH | {"loss_type": "sparse_softmax_cross_entropy", "pos_weight": 3.0},
        {"pos_weight": None, "class_weights": [1.0, 3.0, 1.0], "reduction": "weighted_mean"},
    ),
    "missing_parameter": (
        FEW | {"labels": [[1, 0, 1], [0, 0, 1]], "loss_type": "weighted_cross_entropy"},
        {"pos_weight": 3.0},
    ),
    "unclear_labels": (FEW | {"labels": [[1, 0, 2], [0, 0, 1]]}, {"labels": [[1, 0, 1], [0, 0, 1]]}),
    "undefined_loss": (
        {"logits": [["-Infinity", "-Infinity", 1.0]], "labels": [[-1, 1, 1]], "loss_type": "softmax_cross_entropy"},
        {"labels": [[0, 0, 1]]},
    ),
    "invalid_tensor": (
        {"logits": {"dtype": "float32", "shape": [2, 3], "data": "AAAAQAAAAD8AAIA/"}, "labels": [1]},
        {"logits": {"dtype": "float32", "shape": [1, 3], "data": "AAAAQAAAAD8AAIA/"}},
    ),
    "missing": (FEW, {"labels": [1, 2]}),
    "unknown_field": (BOTH | {"sample_weight": [1.0, 2.0]}, {"sample_weight": None, "weights": [1.0, 2.0]}),
    "unknown_value": (
        FEW | {"labels": [[1, 0, 1], [0, 0, 1]], "loss_type": "bce"},
        {"loss_type": "sigmoid_cross_entropy"},
    ),
    "wrong_type": (
        {"logits": [[0.7, 0.1, 0.2]], "labels": [1], "from_logits": "false"},
        {"from_logits": False},
    ),
}
"""A request for each code of an error, and the fields that mend it. None takes a field away."""
