"""Requests to try, shown in the documentation: one for each loss type and one for each common mistake."""

from typing import Any

_LOGITS = [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0]]
_TOKENS = [0, 1, 2, 1, 0, 2, 2, 0, 1, 2, 0, 1]


def _sharp(classes: list[int]) -> list[list[float]]:
    """Logits that predict these of three classes."""
    return [[4.0 if each == predicted else -1.0 for each in range(3)] for predicted in classes]


LOSS_EXAMPLES: dict[str, Any] = {
    "class_indices": {
        "summary": "Class indices: sparse softmax",
        "description": "Each row of logits belongs to exactly one class. `auto` computes sparse_softmax_cross_entropy.",
        "value": {"logits": _LOGITS, "labels": [1, 2]},
    },
    "distributions": {
        "summary": "Label distributions: softmax",
        "description": "Rows of labels that sum to 1. `auto` computes softmax_cross_entropy.",
        "value": {"logits": _LOGITS, "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]},
    },
    "multi_label": {
        "summary": "Labels that don't exclude each other: sigmoid",
        "description": "Any number of 1s in a row. `auto` computes sigmoid_cross_entropy, one loss for each logit.",
        "value": {"logits": _LOGITS, "labels": [[1, 0, 1], [0, 0, 1]], "include": ["elements"]},
    },
    "rare_positives": {
        "summary": "Rare positives: weighted",
        "description": "`pos_weight` makes positives count more, here one weight for each class.",
        "value": {
            "logits": _LOGITS,
            "labels": [[1, 0, 1], [0, 0, 1]],
            "loss_type": "weighted_cross_entropy",
            "pos_weight": [2.0, 5.0, 1.0],
        },
    },
    "focal_questions": {
        "summary": "Many easy questions: sigmoid focal",
        "description": "As of an object detector's boxes: `gamma` leaves out what is right already.",
        "value": {
            "logits": _LOGITS,
            "labels": [[1, 0, 1], [0, 0, 1]],
            "loss_type": "sigmoid_focal_cross_entropy",
            "gamma": 2.0,
            "alpha": 0.25,
        },
    },
    "focal_distributions": {
        "summary": "Many easy samples, soft labels: softmax focal",
        "description": "Each class's term counts less the surer the prediction is.",
        "value": {
            "logits": _LOGITS,
            "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]],
            "loss_type": "softmax_focal_cross_entropy",
            "gamma": 1.5,
        },
    },
    "focal_indices": {
        "summary": "Many easy samples, class indices: sparse softmax focal",
        "description": "The same numbers as softmax focal gives for one-hot labels.",
        "value": {
            "logits": _LOGITS,
            "labels": [1, 2],
            "loss_type": "sparse_softmax_focal_cross_entropy",
            "gamma": 0.5,
            "include": ["gradient"],
        },
    },
    "noisy_labels": {
        "summary": "Labels some of which are wrong: generalized cross-entropy",
        "description": "No sample costs more than 1 / `q`. Labels are class indices or one-hot.",
        "value": {"logits": _LOGITS, "labels": [1, 2], "loss_type": "generalized_cross_entropy", "q": 0.7},
    },
    "poly": {
        "summary": "A tuned pull: poly cross-entropy",
        "description": "Softmax cross-entropy and `epsilon` times 1 − p. Labels are distributions or class indices.",
        "value": {"logits": _LOGITS, "labels": [1, 2], "loss_type": "poly_cross_entropy", "epsilon": 1.0},
    },
    "distillation": {
        "summary": "A teacher's logits: KL divergence",
        "description": (
            "Both sides go through a softmax at `temperature`. The weight is its square, by which distillation often "
            "multiplies."
        ),
        "value": {
            "logits": _LOGITS,
            "labels": [[1.5, 0.5, 1.0], [0.1, 1.5, 2.5]],
            "loss_type": "kl_divergence",
            "labels_are_logits": True,
            "temperature": 2.0,
            "weights": [4.0, 4.0],
            "include": ["gradient"],
        },
    },
    "next_token": {
        "summary": "Next-token prediction: a shift of 1",
        "description": "Logits [B, T, C] at t are for the label at t + 1: neither logits nor labels have to be cut.",
        "value": {
            "logits": [[[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [0.3, 0.2, 0.1]]],
            "labels": [[1, 0, 2]],
            "loss_type": "sparse_softmax_cross_entropy",
            "shift": 1,
        },
    },
    "training_step": {
        "summary": "A training step: loss and gradient",
        "description": "Smoothed labels, a weight for each sample, an ignored label, and the gradient of the mean.",
        "value": {
            "logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [0.3, 0.2, 0.1]],
            "labels": [1, 2, -100],
            "loss_type": "sparse_softmax_cross_entropy",
            "ignore_index": -100,
            "weights": [1.0, 0.5, 1.0],
            "label_smoothing": 0.1,
            "reduction": "weighted_mean",
            "include": ["gradient"],
        },
    },
    "evaluation": {
        "summary": "An evaluation: summary and calibration",
        "description": "Accuracy, perplexity, the standard error of the mean, calibration, and sums that merge.",
        "value": {
            "logits": [[2.0, 0.5, 1.0], [0.1, 1.0, 3.0], [0.3, 0.2, 0.1]],
            "labels": [1, 2, 0],
            "include": ["predictions", "summary", "calibration"],
        },
    },
    "mistake_softmax_twice": {
        "summary": "Mistake: logits that went through softmax already",
        "description": "Gets the warning logits_look_like_probabilities, and the loss both ways.",
        "value": {"logits": [[0.02, 0.01, 0.97], [0.05, 0.045, 0.905]], "labels": [2, 1]},
    },
    "mistake_sigmoid_twice": {
        "summary": "Mistake: logits that went through a sigmoid already",
        "description": "Gets the warning logits_may_be_probabilities.",
        "value": {
            "logits": [[0.9, 0.2, 0.4, 0.7, 0.1], [0.8, 0.3, 0.6, 0.2, 0.5], [0.1, 0.9, 0.2, 0.3, 0.6], [0.7] * 5],
            "labels": [[1, 0, 0, 1, 0], [1, 0, 1, 0, 1], [0, 1, 0, 0, 1], [1, 1, 0, 1, 0]],
        },
    },
    "mistake_multi_hot_softmax": {
        "summary": "Mistake: softmax for labels that don't exclude each other",
        "description": "Gets the warnings multi_hot_labels_with_softmax and labels_not_a_distribution.",
        "value": {"logits": _LOGITS, "labels": [[1, 0, 1], [0, 0, 1]], "loss_type": "softmax_cross_entropy"},
    },
    "mistake_one_hot": {
        "summary": "Mistake: one-hot labels where indices do",
        "description": "Gets the warning one_hot_labels_could_be_indices.",
        "value": {"logits": _LOGITS, "labels": [[0, 1, 0], [0, 0, 1]]},
    },
    "mistake_scalar_weight": {
        "summary": "Mistake: one weight for all against imbalance",
        "description": "Gets the warning scalar_weight_only_rescales: it acts like a learning rate.",
        "value": {"logits": [2.0, -1.0, 0.5], "labels": [1, 0, 0], "weights": 5.0},
    },
    "mistake_negative_pos_weight": {
        "summary": "Mistake: a negative pos_weight",
        "description": "Gets the warning negative_pos_weight.",
        "value": {"logits": [[0.5, 0.7, 0.3], [0.8, 0.2, 0.9]], "labels": 1, "pos_weight": -0.2},
    },
    "mistake_masked_label": {
        "summary": "Mistake: a label at a masked class",
        "description": "Gets an infinite loss and the warning infinite_loss.",
        "value": {"logits": [[2.0, "-Infinity", 1.0]], "labels": [1]},
    },
    "mistake_negative_weight": {
        "summary": "Mistake: a negative weight",
        "description": "Gets the warning negative_weight.",
        "value": {"logits": _LOGITS, "labels": [1, 2], "weights": [1.0, -1.0]},
    },
    "mistake_no_weight": {
        "summary": "Mistake: weights that are all 0",
        "description": "Gets the warning all_weights_zero, and losses of 0.",
        "value": {"logits": _LOGITS, "labels": [1, 2], "weights": [0, 0]},
    },
    "mistake_labels_of_minus_one": {
        "summary": "Mistake: labels of −1 and 1",
        "description": "Gets the warning labels_outside_unit_interval: the formula is computed as it stands.",
        "value": {"logits": [2.0, -1.0, 0.5], "labels": [1, -1, -1], "loss_type": "sigmoid_cross_entropy"},
    },
    "mistake_almost_a_distribution": {
        "summary": "Mistake: a row of labels that sums to 1.02",
        "description": "Gets the warning labels_almost_a_distribution.",
        "value": {
            "logits": [*_LOGITS, [0.4, -0.2, 0.3]],
            "labels": [[0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.1, 0.6, 0.32]],
        },
    },
    "mistake_padded_one_hot": {
        "summary": "Mistake: rows of zeros as padding among one-hot labels",
        "description": "Gets the warning labels_may_be_padded_one_hot.",
        "value": {"logits": _LOGITS * 12, "labels": [[0, 1, 0], [0, 0, 1]] * 10 + [[0, 0, 0]] * 4},
    },
    "mistake_one_hot_sigmoid": {
        "summary": "Mistake: a sigmoid for classes that exclude each other",
        "description": "Gets the warning one_hot_labels_with_sigmoid.",
        "value": {
            "logits": [[2.0, -0.5, 1.0], [-0.1, 1.5, 3.0], [0.3, -2.0, 0.4], [1.2, 0.1, -0.7]] * 5,
            "labels": [[0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 0, 0]] * 5,
            "loss_type": "sigmoid_cross_entropy",
        },
    },
    "mistake_single_class": {
        "summary": "Mistake: a softmax over one class",
        "description": "Gets the warning single_class_softmax.",
        "value": {"logits": [[2.0], [0.5]], "labels": [0, 0], "loss_type": "sparse_softmax_cross_entropy"},
    },
    "mistake_class_weights": {
        "summary": "Mistake: class weights that are upside down",
        "description": "Gets the warnings weights_enlarge_imbalance and mean_ignores_class_weights.",
        "value": {"logits": _LOGITS * 11, "labels": [0] * 20 + [1, 2], "class_weights": [10.0, 1.0, 1.0]},
    },
    "mistake_nothing_counts": {
        "summary": "Mistake: every label ignored",
        "description": "Gets the warning nothing_counts.",
        "value": {"logits": _LOGITS, "labels": [-100, -100], "ignore_index": -100},
    },
    "mistake_zero_weights": {
        "summary": "Mistake: weights of 0 with reduction mean",
        "description": "Gets the warning mean_counts_zero_weights.",
        "value": {"logits": _LOGITS, "labels": [1, 2], "weights": [1.0, 0.0]},
    },
    "mistake_clipped": {
        "summary": "Mistake: a probability of 0 for the right class",
        "description": "Gets the warning probabilities_clipped.",
        "value": {"logits": [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], "labels": [1, 2], "from_logits": False},
    },
    "mistake_rescaled": {
        "summary": "Mistake: probabilities that do not sum to 1",
        "description": "Gets the warning probabilities_rescaled.",
        "value": {"logits": [[0.3, 0.3, 0.6], [0.2, 0.3, 0.5]], "labels": [1, 2], "from_logits": False},
    },
    "mistake_relu": {
        "summary": "Mistake: a ReLU before the loss",
        "description": "Gets the warning logits_never_negative.",
        "value": {
            "logits": [[0.0, 1.5, 0.0, 0.3], [2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.7, 3.1], [0.9, 0.0, 0.0, 0.0]] * 3,
            "labels": [1, 0, 3, 0] * 3,
        },
    },
    "mistake_tanh": {
        "summary": "Mistake: a tanh before the loss",
        "description": "Gets the warning logits_within_one.",
        "value": {
            "logits": [[0.99, -0.98, 0.2], [-0.99, 0.97, -0.4], [0.5, -0.99, 0.98], [-0.97, 0.3, 0.99]] * 2,
            "labels": [0, 1, 2, 2] * 2,
        },
    },
    "mistake_identical_rows": {
        "summary": "Mistake: the same logits for all samples",
        "description": "Gets the warning identical_rows.",
        "value": {"logits": [[2.0, 0.5, 1.0]] * 24, "labels": [0, 1, 2] * 8},
    },
    "mistake_other_rows": {
        "summary": "Mistake: labels of other rows",
        "description": "Gets the warning worse_than_uniform.",
        "value": {
            "logits": [[9.0, -4.0, 1.0], [-3.0, 8.0, 0.5], [0.2, -5.0, 7.0], [8.1, -4.2, 0.3]] * 6,
            "labels": [1, 2, 0, 1] * 6,
        },
    },
    "mistake_no_shift": {
        "summary": "Mistake: logits that predict the next label",
        "description": "Gets the warnings labels_may_need_a_shift and worse_than_uniform.",
        "value": {"logits": [_sharp(_TOKENS[1:] + _TOKENS[:1])] * 2, "labels": [_TOKENS] * 2},
    },
    "mistake_shifted_twice": {
        "summary": "Mistake: logits that predict the label before",
        "description": "Gets the warnings labels_may_be_shifted_twice and worse_than_uniform.",
        "value": {"logits": [_sharp(_TOKENS[-1:] + _TOKENS[:-1])] * 2, "labels": [_TOKENS] * 2},
    },
    "error_label_out_of_range": {
        "summary": "Error: a label one past the end",
        "description": "Gets status 422, label_out_of_range at labels[1].",
        "value": {"logits": _LOGITS, "labels": [1, 3]},
    },
    "error_column_of_labels": {
        "summary": "Error: labels of shape [B, 1]",
        "description": "Gets status 422, wrong_shape; the message names the squeeze.",
        "value": {"logits": _LOGITS, "labels": [[1], [2]]},
    },
}

RECOMMEND_EXAMPLES: dict[str, Any] = {
    "shape_only": {
        "summary": "Labels and the shape of the logits",
        "description": "Recommends sigmoid_cross_entropy: the labels don't exclude each other.",
        "value": {"labels": [[1, 0, 1], [0, 0, 1]], "logits_shape": [2, 3]},
    },
    "with_logits": {
        "summary": "Labels and logits",
        "description": "Recommends sparse_softmax_cross_entropy for one-hot labels, and warns of a softmax done twice.",
        "value": {"labels": [[0, 0, 1], [0, 1, 0]], "logits": [[0.02, 0.01, 0.97], [0.05, 0.045, 0.905]]},
    },
    "imbalanced": {
        "summary": "One positive in twenty",
        "description": "Recommends weighted_cross_entropy and suggests a pos_weight of 19.",
        "value": {"labels": [1] + [0] * 19, "logits_shape": [20]},
    },
    "error_wrong_shape": {
        "summary": "Error: labels that fit no logits of this shape",
        "description": "Gets status 422, wrong_shape at labels.",
        "value": {"labels": [1, 2, 0], "logits_shape": [2, 3]},
    },
}

_LAYER = {
    "weights": [[0.4, 0.1], [0.2, -0.3], [-0.5, 0.6], [0.1, 0.2], [0.0, -0.4], [0.3, 0.3]],
    "biases": [0.2, 0.1, 0.0, 0.0, -0.1, -0.2],
    "inputs": [[1.0, 0.5], [-0.2, 0.8]],
}

COMPARE_EXAMPLES: dict[str, Any] = {
    "checkpoints": {
        "summary": "Two checkpoints on the same rows",
        "description": "The other is better on both rows.",
        "value": {"logits": _LOGITS, "other_logits": [[2.0, 1.5, 1.0], [0.1, 1.0, 4.0]], "labels": [1, 2]},
    },
    "quantised": {
        "summary": "A model and what was made of it, without labels",
        "description": "How far the predicted distributions are apart.",
        "value": {"logits": _LOGITS, "other_logits": [[2.0, 0.5, 1.25], [0.0, 1.0, 3.0]]},
    },
    "other_shape": {
        "summary": "An error: logits of two shapes",
        "description": "Answered with status 422, wrong_shape at other_logits.",
        "value": {"logits": _LOGITS, "other_logits": [[2.0, 0.5], [0.0, 1.0]], "labels": [1, 0]},
    },
}

SAMPLED_EXAMPLES: dict[str, Any] = {
    "drawn": {
        "summary": "Draw the candidates",
        "description": "Three of six classes, drawn by the log-uniform sampler. The seed makes it repeatable.",
        "value": _LAYER | {"labels": [2, 0], "num_sampled": 3, "seed": 7},
    },
    "given": {
        "summary": "Candidates drawn elsewhere",
        "description": "What tf.random.uniform_candidate_sampler gave, or an earlier response: nothing is drawn.",
        "value": _LAYER
        | {
            "labels": [2, 0],
            "sampled_values": {
                "candidates": [5, 0, 3],
                "true_expected_count": [[0.5], [0.5]],
                "sampled_expected_count": [0.5, 0.5, 0.5],
            },
        },
    },
    "several_labels": {
        "summary": "Two true classes for each input",
        "description": "Each of the two has the target 1/2.",
        "value": _LAYER | {"labels": [[2, 3], [0, 5]], "num_sampled": 3, "sampler": "uniform", "seed": 7},
    },
    "error_too_many": {
        "summary": "Error: more candidates than classes",
        "description": "Gets status 422, parameter_out_of_range at num_sampled.",
        "value": _LAYER | {"labels": [2, 0], "num_sampled": 7},
    },
}

_LOGITS_TENSOR = {"name": "logits", "shape": [2, 3], "datatype": "FP32", "data": [2.0, 0.5, 1.0, 0.1, 1.0, 3.0]}
_INDICES_TENSOR = {"name": "labels", "shape": [2], "datatype": "INT64", "data": [1, 2]}

INFER_EXAMPLES: dict[str, Any] = {
    "class_indices": {
        "summary": "Class indices",
        "description": "The model `auto` computes sparse_softmax_cross_entropy.",
        "value": {"id": "batch-1", "inputs": [_LOGITS_TENSOR, _INDICES_TENSOR]},
    },
    "gradient": {
        "summary": "A training step: loss and gradient",
        "description": "Smoothed labels, and the gradient of their sum.",
        "value": {
            "parameters": {"label_smoothing": 0.1, "reduction": "sum"},
            "inputs": [_LOGITS_TENSOR, _INDICES_TENSOR],
            "outputs": [{"name": "loss"}, {"name": "gradient"}],
        },
    },
    "scalar": {
        "summary": "One label for all",
        "description": "A tensor of shape [1] is a single number: the label of every logit, and its weight.",
        "value": {
            "inputs": [
                _LOGITS_TENSOR,
                {"name": "labels", "shape": [1], "datatype": "BOOL", "data": [True]},
                {"name": "weights", "shape": [1], "datatype": "FP32", "data": [2.0]},
            ]
        },
    },
    "error_label_out_of_range": {
        "summary": "Error: a label one past the end",
        "description": "Gets status 400: labels[1] is 3.",
        "value": {
            "inputs": [_LOGITS_TENSOR, {"name": "labels", "shape": [2], "datatype": "INT64", "data": [1, 3]}],
        },
    },
}

REGION_EXAMPLES: dict[str, Any] = {
    "object": {
        "summary": "A whole object",
        "description": "The object /dev/shm/xent-batch, which the client has made.",
        "value": {"key": "/xent-batch", "byte_size": 4096},
    },
    "error_prefix": {
        "summary": "Error: an object of another program",
        "description": "Gets status 400: its name does not begin as XENT_SHARED_MEMORY says.",
        "value": {"key": "/psm_12345678", "byte_size": 4096},
    },
}
