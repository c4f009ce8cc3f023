"""The five lessons: a claim, something to move, the curve that explains it, numbers, code, and how xent notices.

All numbers are the service's: computed for the page as it is first read, and by requests when something is moved.
"""

from collections.abc import Callable

from app.learn.html import Html
from app.learn.lessons.dcgan_losses import dcgan_losses
from app.learn.lessons.indices_or_one_hot import indices_or_one_hot
from app.learn.lessons.several_right_answers import several_right_answers
from app.learn.lessons.softmax_twice import softmax_twice
from app.learn.lessons.weight_or_pos_weight import weight_or_pos_weight
from app.learn.texts import Texts

LESSONS: dict[str, Callable[[Texts], Html]] = {
    "softmax-twice": softmax_twice,
    "weight-or-pos-weight": weight_or_pos_weight,
    "indices-or-one-hot": indices_or_one_hot,
    "several-right-answers": several_right_answers,
    "dcgan-losses": dcgan_losses,
}
"""By the last part of their address, in the order in which they are read."""

LESSON_OF = {
    "logits_look_like_probabilities": "softmax-twice",
    "logits_may_be_probabilities": "softmax-twice",
    "scalar_weight_only_rescales": "weight-or-pos-weight",
    "weights_enlarge_imbalance": "weight-or-pos-weight",
    "weighted_cross_entropy": "weight-or-pos-weight",
    "one_hot_labels_could_be_indices": "indices-or-one-hot",
    "sparse_softmax_cross_entropy": "indices-or-one-hot",
    "softmax_cross_entropy": "indices-or-one-hot",
    "multi_hot_labels_with_softmax": "several-right-answers",
    "labels_not_a_distribution": "several-right-answers",
    "sigmoid_cross_entropy": "dcgan-losses",
}
"""The lesson that says more of a loss or a warning."""
