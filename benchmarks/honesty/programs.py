"""Faulty programs that were published, rebuilt in NumPy and scikit-learn, each beside its mended version.

A program is a function that returns the batch its faulty version sends and the one its mended version sends, from the
same held-out rows. Its docstring names the source and the fault. The collections:

- NeuraLint: Nikanjam et al., "Automatic Fault Detection for Deep Learning Programs Using Graph Transformations" (2022)
- DeepLocalize: Wardat et al., "DeepLocalize: Fault Localization for Deep Neural Networks" (2021)
- DeepFD: Cao et al., "DeepFD: Automated Fault Diagnosis and Localization for Deep Learning Programs" (2022)
- AUTOTRAINER: Zhang et al., "AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System" (2021)
- the taxonomy: Humbatova et al., "Taxonomy of Real Faults in Deep Learning Systems" (2020)
- UMLAUT: Schoop et al., "UMLAUT: Debugging Deep Learning Programs using Program Structure and Model Behavior" (2021)

and reports on GitHub, by repository and number. Where a program was trained with its fault, so is its rebuilding.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.honesty import data
from benchmarks.honesty.batch import Batch, one_hot, sigmoid, softmax
from benchmarks.honesty.network import ACTIVATIONS, Dense, Network, perceptron

Array = NDArray[Any]
Random = np.random.Generator
Pair = tuple[Batch, Batch]

SPARSE, ROWS, QUESTIONS = "sparse_softmax_cross_entropy", "softmax_cross_entropy", "sigmoid_cross_entropy"


class Program(NamedTuple):
    """`send` makes a faulty and a mended batch of so many rows. The fault is named by a warning among `codes` whose
    words match `warns`, by a recommendation of the family `recommends` against the loss that was named, or by an error
    whose message matches `says`.
    """

    send: Callable[[Random, int], Pair]
    codes: frozenset[str]
    warns: str
    recommends: str
    says: str

    @property
    def name(self) -> str:
        return self.send.__name__

    @property
    def source(self) -> str:
        return " ".join(str(self.send.__doc__).split())


PROGRAMS: list[Program] = []


Send = Callable[[Random, int], Pair]


def named_by(*codes: str, warns: str = "", recommends: str = "", says: str = "$^") -> Callable[[Send], Send]:
    def register(send: Send) -> Send:
        PROGRAMS.append(Program(send, frozenset(codes), warns, recommends, says))
        return send

    return register


# What the programs are made of: networks trained on a part of a data set, with a last activation and a loss.


@cache
def outputs(name: str, last: str = "", loss: str = "softmax", steps: int = 400) -> tuple[Array, Array]:
    """What a network with this last activation, trained by this loss, makes of held-out rows; their classes."""
    split = getattr(data, name)()
    classes = int(split.train_labels.max()) + 1
    network = perceptron(split.train.shape[1], classes, last)
    network.train(split.train, one_hot(split.train_labels, classes), loss, steps)
    return network(split.rest), split.rest_labels


@cache
def one_output(last: str = "", loss: str = "sigmoid") -> tuple[Array, Array]:
    """The same for tumours and a single unit `[N, 1]`; labels 0 and 1 `[N, 1]`."""
    split = data.tumours()
    network = perceptron(split.train.shape[1], 1, last)
    network.train(split.train, split.train_labels[:, np.newaxis].astype(float), loss, 400)
    return network(split.rest), split.rest_labels[:, np.newaxis]


@cache
def segments(last: str = "", loss: str = "sigmoid") -> tuple[Array, Array]:
    """The same for the segments of a seven-segment display, several of which are lit."""
    split = data.digits()
    network = perceptron(64, 7, last)
    network.train(split.train, data.SEGMENTS[split.train_labels].astype(float), loss, 400)
    return network(split.rest), data.SEGMENTS[split.rest_labels]


@cache
def mask() -> tuple[Array, Array]:
    """Logits and labels of ink, pixel by pixel `[N, 8, 8]`."""
    noise = np.random.default_rng(2)
    split = data.digits()
    noisy = data.patches(split.train + 0.3 * noise.standard_normal(split.train.shape))
    network = perceptron(9, 1, hidden=16)
    network.train(noisy.reshape(-1, 9), (split.train > 0.5).reshape(-1, 1).astype(float), "sigmoid", 400)
    rest = data.patches(split.rest + 0.3 * noise.standard_normal(split.rest.shape))
    return network(rest).reshape(-1, 8, 8), (split.rest > 0.5).reshape(-1, 8, 8).astype(int)


@cache
def darkness() -> tuple[Array, Array]:
    """Logits `[N, 8, 8, 4]` and labels of how dark each pixel is."""
    split = data.digits()
    network = perceptron(9, 4, hidden=16)
    steps = [np.minimum(images * 4, 3).astype(int) for images in (split.train, split.rest)]
    network.train(data.patches(split.train).reshape(-1, 9), one_hot(steps[0].reshape(-1), 4), "softmax", 400)
    return network(data.patches(split.rest)).reshape(-1, 8, 8, 4), steps[1].reshape(-1, 8, 8)


@cache
def language_model() -> tuple[Array, Array, int]:
    """Held-out characters, for each the logits of the next one, and the size of the alphabet."""
    tokens, alphabet = data.characters()
    classes, half = len(alphabet), len(tokens) // 2
    network = perceptron(data.CONTEXT * classes, classes, hidden=48)
    inputs = data.contexts(tokens[:half], classes)
    network.train(inputs, one_hot(tokens[1 : half + 1], classes), "softmax", 600)
    rest = tokens[half : half + 6000]
    return network(data.contexts(rest, classes)), rest, classes


def some(random: Random, size: int, *arrays: Array) -> tuple[Array, ...]:
    """The same random rows of each array."""
    rows = random.choice(len(arrays[0]), min(size, len(arrays[0])), replace=False)
    return tuple(array[rows] for array in arrays)


def sequences(random: Random, size: int, length: int = 24) -> tuple[Array, Array]:
    """Logits `[B, T, C]` and the tokens they were made at, `[B, T + 1]`: the one after is what they predict."""
    logits, tokens, _ = language_model()
    starts = random.integers(0, len(tokens) - length - 3, max(2, size // 8))[:, np.newaxis]
    return logits[starts + np.arange(length)], tokens[starts + np.arange(length + 1)]


def by_class(logits: Array, labels: Any, **options: Any) -> Batch:
    return Batch(logits, labels, options, "softmax")


def by_question(logits: Array, labels: Any, **options: Any) -> Batch:
    return Batch(logits, labels, options, "sigmoid")


# A softmax or a sigmoid too many, too few, or over the wrong thing.


@named_by("logits_look_like_probabilities")
def two_softmaxes(random: Random, size: int) -> Pair:
    """The taxonomy's "redundant softmax layer" (NervanaSystems/distiller, commit 0a8a3b3), tflearn/tflearn#562,
    nfmcclure/tensorflow_cookbook#86: a softmax layer before a loss that has one.
    """
    twice, labels = some(random, size, *outputs("digits", "softmax"))
    once, right = some(random, size, *outputs("digits"))
    return by_class(twice, labels, loss_type=SPARSE), by_class(once, right, loss_type=SPARSE)


@named_by("logits_look_like_probabilities")
def two_softmaxes_over_one_hot_labels(random: Random, size: int) -> Pair:
    """jaehong31/CGES#1: the model returns its softmax, and softmax_cross_entropy_with_logits takes one-hot labels."""
    twice, labels = some(random, size, *outputs("wine", "softmax"))
    once, right = some(random, size, *outputs("wine"))
    return (
        by_class(twice.astype("f4"), one_hot(labels, 3), loss_type=ROWS),
        by_class(once.astype("f4"), one_hot(right, 3), loss_type=ROWS),
    )


@named_by("logits_look_like_probabilities")
def softmax_before_the_validation_loss(random: Random, size: int) -> Pair:
    """ariecattan/SciCo#2: training is right, validation sends the probabilities; a half-precision model."""
    logits, labels = some(random, size, *outputs("iris"))
    return by_class(softmax(logits).astype("f2"), labels), by_class(logits.astype("f2"), labels)


@named_by("logits_look_like_probabilities")
def two_softmaxes_over_tokens(random: Random, size: int) -> Pair:
    """bowang-lab/Transformer-GCN-QA#32, lansinuote/Huggingface_Toturials#6: softmax at the end of a language model,
    before CrossEntropyLoss; bfloat16.
    """
    logits, tokens = sequences(random, size)
    return (
        by_class(softmax(logits).astype(ml_dtypes.bfloat16), tokens[:, 1:]),
        by_class(logits.astype(ml_dtypes.bfloat16), tokens[:, 1:]),
    )


@named_by("probabilities_rescaled", says="sum")
def softmax_over_the_batch(random: Random, size: int) -> Pair:
    """fxia22/pointnet.pytorch#27, falloutdurham/beginners-pytorch-deep-learning#36: a softmax with dim=0, the batch."""
    logits, labels = some(random, size, *outputs("digits"))
    return (
        by_class(softmax(logits, axis=0), labels, loss_type=SPARSE, from_logits=False),
        by_class(softmax(logits), labels, loss_type=SPARSE, from_logits=False),
    )


@named_by("logits_may_be_probabilities", "logits_look_like_probabilities")
def sigmoid_before_the_softmax_loss(random: Random, size: int) -> Pair:
    """eriklindernoren/PyTorch-YOLOv3#10 and #108: sigmoid outputs go into CrossEntropyLoss."""
    squashed, labels = some(random, size, *outputs("digits", "sigmoid"))
    plain, right = some(random, size, *outputs("digits"))
    return by_class(squashed, labels), by_class(plain, right)


@named_by("probabilities_rescaled")
def sigmoid_units_for_three_classes(random: Random, size: int) -> Pair:
    """Stack Overflow 51930566 and 59278771 (DeepLocalize, DeepFD): iris by three sigmoid units and Keras's
    categorical_crossentropy.
    """
    squashed, labels = some(random, size, *outputs("iris", "sigmoid", "categorical"))
    right, same = some(random, size, *outputs("iris", "softmax", "categorical"))
    return (
        by_class(squashed, one_hot(labels, 3), loss_type=ROWS, from_logits=False),
        by_class(right, one_hot(same, 3), loss_type=ROWS, from_logits=False),
    )


@named_by("probabilities_rescaled")
def sigmoid_units_for_ten_digits(random: Random, size: int) -> Pair:
    """Stack Overflow 55328966 (DeepLocalize, DeepFD): digits by ten sigmoid units and a sparse categorical loss."""
    squashed, labels = some(random, size, *outputs("digits", "sigmoid", "categorical"))
    right, same = some(random, size, *outputs("digits", "softmax", "categorical"))
    return (
        by_class(squashed, labels, loss_type=SPARSE, from_logits=False),
        by_class(right, same, loss_type=SPARSE, from_logits=False),
    )


@named_by("logits_may_be_probabilities")
def two_sigmoids(random: Random, size: int) -> Pair:
    """NeuraLint's TF_lenet_bin_wrong_loss_inputs, YunYang1994/tensorflow-yolov3#11, NVIDIA-Merlin/models#1175: a
    sigmoid unit before a loss on logits.
    """
    twice, labels = some(random, size, *one_output("sigmoid"))
    once, right = some(random, size, *one_output())
    return by_question(twice, labels), by_question(once, right)


@named_by("logits_may_be_probabilities")
def two_sigmoids_over_masks(random: Random, size: int) -> Pair:
    """avBuffer/UNet3plus_pth#23, hustvl/YOLOP#117: a segmentation head ends in a sigmoid, before BCEWithLogitsLoss."""
    logits, labels = some(random, size // 8, *mask())
    return by_question(sigmoid(logits), labels, loss_type=QUESTIONS), by_question(logits, labels, loss_type=QUESTIONS)


@named_by(says="from_logits|probabilit")
def no_softmax(random: Random, size: int) -> Pair:
    """The taxonomy's "missing softmax layer" (Stack Overflow 53813636; rwth-i6/returnn, commit c2c4b866), NeuraLint's
    TF_lenet_missing_softmax: a linear layer before a loss on probabilities.
    """
    logits, labels = some(random, size, *outputs("digits"))
    return (
        by_class(logits, one_hot(labels, 10), loss_type=ROWS, from_logits=False),
        by_class(softmax(logits), one_hot(labels, 10), loss_type=ROWS, from_logits=False),
    )


@named_by(says="from_logits|probabilit")
def no_sigmoid(random: Random, size: int) -> Pair:
    """NeuraLint's TF_lenet_bin_missing_sigmoid: one linear unit before a binary loss on probabilities."""
    logits, labels = some(random, size, *one_output())
    return (
        by_question(logits, labels, loss_type=QUESTIONS, from_logits=False),
        by_question(sigmoid(logits), labels, loss_type=QUESTIONS, from_logits=False),
    )


@named_by("identical_rows", "single_class_softmax")
def softmax_over_one_unit(random: Random, size: int) -> Pair:
    """Stack Overflow 31880720, 45378493, 51749207, 58844149, 42800203 (DeepLocalize, DeepFD, NeuraLint): a softmax over
    one unit and Keras's binary_crossentropy: every output is 1.
    """
    ones, labels = some(random, size, *one_output("softmax", "binary"))
    right, same = some(random, size, *one_output("sigmoid", "binary"))
    return (
        by_question(ones, labels, loss_type=QUESTIONS, from_logits=False),
        by_question(right.clip(1e-6, 1 - 1e-6), same, loss_type=QUESTIONS, from_logits=False),
    )


@named_by("single_class_softmax", recommends="sigmoid")
def softmax_loss_over_one_class(random: Random, size: int) -> Pair:
    """keras-team/keras#126, Stack Overflow 50079585 as NeuraLint has it: one output unit under a categorical loss."""
    logits, labels = some(random, size, *one_output())
    return by_class(logits, labels, loss_type=ROWS), by_question(logits, labels, loss_type=QUESTIONS)


@named_by("single_class_softmax", recommends="sigmoid")
def detector_of_one_class(random: Random, size: int) -> Pair:
    """ultralytics/yolov3#191: a detector of one class with a softmax loss over it; the class loss is always 0."""
    logits, labels = some(random, size, *one_output())
    return (
        by_class(logits, np.zeros(len(logits), int), loss_type=SPARSE),
        by_question(logits, labels, loss_type=QUESTIONS),
    )


# A last activation that the loss does not want.


@named_by(says="from_logits|probabilit|above 1|outside")
def relu_outputs_as_probabilities(random: Random, size: int) -> Pair:
    """Stack Overflow 47352366 (DeepLocalize, DeepFD): ten ReLU units and Keras's categorical_crossentropy."""
    cut, labels = some(random, size, *outputs("digits", "relu"))
    right, same = some(random, size, *outputs("digits", "softmax", "categorical"))
    return (
        by_class(cut, one_hot(labels, 10), loss_type=ROWS, from_logits=False),
        by_class(right, one_hot(same, 10), loss_type=ROWS, from_logits=False),
    )


@named_by("identical_rows", says="from_logits|probabilit|above 1|outside")
def relu_unit_as_a_probability(random: Random, size: int) -> Pair:
    """Stack Overflow 44066044 (DeepLocalize, DeepFD): one ReLU unit and Keras's binary_crossentropy; above 1 nothing
    pulls it down, and below 0 it is dead, as in DeepLocalize's run.
    """
    cut, labels = some(random, size, *one_output("relu", "binary"))
    right, same = some(random, size, *one_output("sigmoid", "binary"))
    return (
        by_question(cut, labels, loss_type=QUESTIONS, from_logits=False),
        by_question(right.clip(1e-6, 1 - 1e-6), same, loss_type=QUESTIONS, from_logits=False),
    )


@named_by("logits_never_negative")
def relu_before_the_loss(random: Random, size: int) -> Pair:
    """UMLAUT's "last model layer has nonlinear activation", NeuraLint's TF_lenet_redundant_activation: a ReLU after the
    last layer.
    """
    cut, labels = some(random, size, *outputs("digits", "relu"))
    plain, right = some(random, size, *outputs("digits"))
    return by_class(cut, labels), by_class(plain, right)


@named_by("logits_within_one")
def tanh_before_the_loss(random: Random, size: int) -> Pair:
    """UMLAUT's "last model layer has nonlinear activation": a tanh after the last layer."""
    bent, labels = some(random, size, *outputs("digits", "tanh"))
    plain, right = some(random, size, *outputs("digits"))
    return by_class(bent, labels), by_class(plain, right)


@named_by("logits_within_one")
def tanh_before_the_binary_loss(random: Random, size: int) -> Pair:
    """The same for one unit and a binary loss on logits (DeepLocalize's Stack Overflow 48251943 ends in a tanh)."""
    bent, labels = some(random, size, *one_output("tanh"))
    plain, right = some(random, size, *one_output())
    return by_question(bent, labels), by_question(plain, right)


# The wrong loss for the labels.


@named_by("one_hot_labels_with_sigmoid", recommends="softmax")
def binary_loss_for_ten_classes(random: Random, size: int) -> Pair:
    """Stack Overflow 44322611 (NeuraLint), 41327601 (DeepFD, the taxonomy): softmax outputs, one-hot labels and Keras's
    binary_crossentropy, whose accuracy looks splendid.
    """
    probabilities, labels = some(random, size, *outputs("digits", "softmax", "binary"))
    right, same = some(random, size, *outputs("digits", "softmax", "categorical"))
    return (
        by_class(probabilities, one_hot(labels, 10), loss_type=QUESTIONS, from_logits=False),
        by_class(right, one_hot(same, 10), loss_type=ROWS, from_logits=False),
    )


@named_by("one_hot_labels_with_sigmoid", recommends="softmax")
def binary_loss_on_logits_for_three_classes(random: Random, size: int) -> Pair:
    """yumatsuoka/comp_DNNfw, commit 30e0973 (NeuraLint): a binary loss where one of several classes is right."""
    logits, labels = some(random, size, *outputs("wine", "", "sigmoid"))
    plain, right = some(random, size, *outputs("wine"))
    return (
        by_class(logits, one_hot(labels, 3), loss_type=QUESTIONS),
        by_class(plain, one_hot(right, 3), loss_type=ROWS),
    )


@named_by("multi_hot_labels_with_softmax", "labels_not_a_distribution", recommends="sigmoid")
def categorical_loss_for_several_labels(random: Random, size: int) -> Pair:
    """Stack Overflow 58609115 (DeepLocalize, DeepFD): several of 69 labels may hold, and a categorical loss."""
    wrong, labels = some(random, size, *segments("", "softmax"))
    right, same = some(random, size, *segments())
    return by_class(wrong, labels, loss_type=ROWS), by_question(right, same, loss_type=QUESTIONS)


@named_by("logits_look_like_probabilities")
def softmax_for_several_labels(random: Random, size: int) -> Pair:
    """Stack Overflow 45337371 (DeepLocalize, DeepFD): a softmax over ten units that answer a question each, under a
    binary loss.
    """
    wrong, labels = some(random, size, *segments("softmax", "binary"))
    right, same = some(random, size, *segments("sigmoid", "binary"))
    return (
        by_question(wrong, labels, loss_type=QUESTIONS, from_logits=False),
        by_question(right.clip(1e-6, 1 - 1e-6), same, loss_type=QUESTIONS, from_logits=False),
    )


@named_by(says="sparse|indices|one-hot")
def categorical_loss_for_indices(random: Random, size: int) -> Pair:
    """Stack Overflow 46443566 (the taxonomy), 39810655 (DeepFD): categorical_crossentropy for class indices, where
    sparse_categorical_crossentropy is due.
    """
    logits, labels = some(random, size, *outputs("iris"))
    return by_class(logits, labels, loss_type=ROWS), by_class(logits, labels, loss_type=SPARSE)


@named_by(says="one-hot|softmax_cross_entropy|argmax")
def one_hot_rows_for_the_sparse_loss(random: Random, size: int) -> Pair:
    """pytorch/pytorch#1258: one-hot rows for a loss that takes class indices."""
    logits, labels = some(random, size, *outputs("digits"))
    return by_class(logits, one_hot(labels, 10), loss_type=SPARSE), by_class(logits, labels, loss_type=SPARSE)


@named_by("labels_outside_unit_interval", warns="class", recommends="softmax", says="class")
def one_sigmoid_unit_for_three_classes(random: Random, size: int) -> Pair:
    """Stack Overflow 50079585 (DeepLocalize, DeepFD, NeuraLint): three classes, one sigmoid unit, binary_crossentropy
    on the labels 0, 1 and 2.
    """
    logits, labels = some(random, size, *outputs("wine"))
    return by_class(logits[:, :1], labels[:, np.newaxis], loss_type=QUESTIONS), by_class(logits, labels)


@named_by("labels_outside_unit_interval")
def binary_loss_for_unscaled_values(random: Random, size: int) -> Pair:
    """Stack Overflow 41600519, 46642627 (DeepFD): binary_crossentropy for values that are not scaled to [0, 1], here
    the pixels 0 to 16 of an autoencoder.
    """
    split = data.digits()
    network = perceptron(64, 64)
    network.train(split.train, split.train, "sigmoid", 200)
    logits, pixels = some(random, size, network(split.rest), split.rest)
    return by_question(logits, 16 * pixels, loss_type=QUESTIONS), by_question(logits, pixels, loss_type=QUESTIONS)


# Labels in another code. It is not enough to say that they lie outside [0, 1]: the words have to name the code.

MINUS_ONE, OF_255, UNKNOWN = r"/ ?2\b|code", r"/ ?255|code", "ignore_index|missing|unlabell?ed|weight"


@named_by("labels_outside_unit_interval", warns=MINUS_ONE)
def attributes_of_minus_one_and_one(random: Random, size: int) -> Pair:
    """dangweili/pedestrian-attribute-recognition-pytorch#16, CelebA's attributes: −1 for "no" under a binary loss."""
    logits, labels = some(random, size, *segments())
    return (
        by_question(logits, 2 * labels - 1, loss_type=QUESTIONS),
        by_question(logits, labels, loss_type=QUESTIONS),
    )


@named_by(says=MINUS_ONE)
def targets_of_minus_one_and_one(random: Random, size: int) -> Pair:
    """crazydemo/facial-attribute-classification-with-graph#1: −1 and 1 for two classes, no loss named."""
    logits, labels = some(random, size, *one_output())
    return by_question(logits[:, 0], 2 * labels[:, 0] - 1), by_question(logits[:, 0], labels[:, 0])


@named_by("labels_outside_unit_interval", warns=OF_255)
def masks_of_0_and_255(random: Random, size: int) -> Pair:
    """milesial/Pytorch-UNet#78, MontaEllis/Pytorch-Medical-Segmentation#8: masks read from images as 0 and 255; the
    loss turns negative.
    """
    logits, labels = some(random, size // 8, *mask())
    return (
        by_question(logits.astype("f4"), (255 * labels).astype("u1"), loss_type=QUESTIONS),
        by_question(logits.astype("f4"), labels.astype("u1"), loss_type=QUESTIONS),
    )


@named_by("labels_outside_unit_interval", warns=OF_255, says=OF_255)
def masks_of_0_and_255_without_a_loss(random: Random, size: int) -> Pair:
    """bigmb/Unet-Segmentation-Pytorch-Nest-of-Unets#18: the same with a channel of its own, no loss named."""
    logits, labels = (array[..., np.newaxis] for array in some(random, size // 8, *mask()))
    return by_question(logits, 255.0 * labels), by_question(logits, labels)


@named_by(says="from 1|subtract|minus 1|start at 1|count")
def labels_counted_from_one(random: Random, size: int) -> Pair:
    """rstudio/keras3#465: iris with R's factor codes 1 to 3."""
    logits, labels = some(random, size, *outputs("iris"))
    return by_class(logits, labels + 1, loss_type=SPARSE), by_class(logits, labels, loss_type=SPARSE)


@named_by(says="whole|integer")
def scaled_labels(random: Random, size: int) -> Pair:
    """Stack Overflow 59325381 (DeepLocalize, DeepFD): the labels were divided by 255 in place of the test images."""
    logits, labels = some(random, size, *outputs("digits"))
    return by_class(logits, labels / 255, loss_type=SPARSE), by_class(logits, labels, loss_type=SPARSE)


@named_by(says="name|index|indices")
def class_names(random: Random, size: int) -> Pair:
    """keras-team/keras#12047: the labels are the classes' names."""
    logits, labels = some(random, size, *outputs("iris"))
    return by_class(logits, np.array(["setosa", "versicolor", "virginica"])[labels]), by_class(logits, labels)


@named_by(says="ignore_index")
def mark_of_another_library(random: Random, size: int) -> Pair:
    """huggingface/transformers#2759: −100 marks what to leave out, and the loss was told −1, or nothing."""
    logits, tokens = sequences(random, size)
    labels = np.where(random.random(tokens[:, 1:].shape) < 0.85, -100, tokens[:, 1:])
    return (
        by_class(logits, labels, loss_type=SPARSE),
        by_class(logits, labels, loss_type=SPARSE, ignore_index=-100),
    )


@named_by(says="ignore_index")
def void_pixels(random: Random, size: int) -> Pair:
    """fabianbormann/Tensorflow-DeconvNet-Segmentation#15: 255 stands for pixels without a class."""
    logits, labels = some(random, size // 8, *darkness())
    labels = np.where(random.random(labels.shape) < 0.1, 255, labels)
    return by_class(logits, labels), by_class(logits, labels, ignore_index=255)


@named_by(says="ignore_index")
def no_class_as_minus_one(random: Random, size: int) -> Pair:
    """tensorflow/tensorflow#16192, zzh8829/yolov3-tf2#259: −1 for a sample without a class."""
    logits, labels = some(random, size, *outputs("digits"))
    labels = np.where(np.arange(len(labels)) % 5 == 1, -1, labels)
    return by_class(logits, labels, loss_type=SPARSE), by_class(logits, labels, loss_type=SPARSE, ignore_index=-1)


@named_by("labels_outside_unit_interval", warns=UNKNOWN, says=UNKNOWN)
def missing_labels_as_minus_one(random: Random, size: int) -> Pair:
    """open-mmlab/mmpretrain#631, keras-team/keras#12878: −1 for a label that nobody gave, taken for a label."""
    logits, labels = some(random, size, *segments())
    unknown = random.random(labels.shape) < 0.3
    return (
        by_question(logits, np.where(unknown, -1, labels), loss_type=QUESTIONS),
        by_question(logits, labels, loss_type=QUESTIONS, weights=1.0 - unknown, reduction="weighted_mean"),
    )


@named_by("labels_may_be_padded_one_hot")
def padded_one_hot_rows(random: Random, size: int) -> Pair:
    """keras-team/keras#3023, tensorflow/tensorflow#1234: rows of zeros pad one-hot labels, and count."""
    logits, tokens = sequences(random, size)
    labels = one_hot(tokens[:, 1:], logits.shape[-1])
    real = np.arange(labels.shape[1]) < random.integers(8, 20, len(labels))[:, np.newaxis]
    padded = labels * real[..., np.newaxis]
    return (
        by_class(logits, padded, loss_type=ROWS),
        by_class(logits, tokens[:, 1:], loss_type=SPARSE, weights=real.astype(float), reduction="weighted_mean"),
    )


@named_by("labels_may_be_padded_one_hot")
def padded_one_hot_rows_without_a_loss(random: Random, size: int) -> Pair:
    """keras-team/keras#3023 where no loss is named: padded one-hot labels read as labels of several classes."""
    faulty, mended = padded_one_hot_rows(random, size)
    return faulty._replace(options={}), mended


@named_by("worse_than_uniform")
def labels_of_other_rows(random: Random, size: int) -> Pair:
    """keras-team/keras#12355 and #7520: the generator shuffles the samples, and not their labels."""
    logits, labels = some(random, size, *outputs("digits"))
    return by_class(logits, random.permutation(labels)), by_class(logits, labels)


@named_by("worse_than_uniform")
def classes_off_by_one(random: Random, size: int) -> Pair:
    """tensorflow/tpu#521, ageron/handson-ml#61: the model has a background class, the labels have not."""
    logits, labels = some(random, size, *outputs("digits"))
    return by_class(logits, (labels + 1) % 10), by_class(logits, labels)


@named_by("worse_than_uniform")
def classes_in_another_order(random: Random, size: int) -> Pair:
    """CSAILVision/places365#22, googlecodelabs/tensorflow-for-poets-2#6: the label list has another order than in
    training.
    """
    logits, labels = some(random, size, *outputs("digits"))
    alphabetical = np.argsort(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    return by_class(logits, np.argsort(alphabetical)[labels]), by_class(logits, labels)


# Another axis.


@named_by(says="axis")
def channels_first(random: Random, size: int) -> Pair:
    """erogol/seg-torch#5, pytorch/pytorch#27626: scores `[N, C, H, W]`, labels `[N, H, W]`."""
    logits, labels = some(random, size // 8, *darkness())
    first = np.moveaxis(logits, -1, 1)
    return by_class(first, labels), by_class(first, labels, axis=1)


@named_by(says="axis")
def classes_last_for_a_loss_with_classes_first(random: Random, size: int) -> Pair:
    """markhliu/DGAI#7: scores `[N, T, C]` for a loss whose classes are on axis 1."""
    logits, tokens = sequences(random, size)
    return (
        by_class(logits, tokens[:, 1:], loss_type=SPARSE, axis=1),
        by_class(logits, tokens[:, 1:], loss_type=SPARSE),
    )


@named_by(says="axis|transpos")
def transposed_scores(random: Random, size: int) -> Pair:
    """Of the taxonomy's kind "wrong shape of input data for a method (loss function)" (to which it counts Stack
    Overflow 50896412): scores `[C, N]`.
    """
    logits, labels = some(random, size + 1, *outputs("digits"))
    return by_class(logits.T, labels, loss_type=SPARSE), by_class(logits, labels, loss_type=SPARSE)


@named_by(says="squeeze|shape .*without")
def labels_in_a_column(random: Random, size: int) -> Pair:
    """Of the taxonomy's kind "wrong shape of input data for a method (loss function)" (to which it counts Stack
    Overflow 49206550): labels `[N, 1]` for scores `[N, C]`.
    """
    logits, labels = some(random, size, *outputs("digits"))
    return by_class(logits, labels[:, np.newaxis]), by_class(logits, labels)


@named_by("logits_look_like_probabilities", "labels_outside_unit_interval", "labels_not_a_distribution")
def labels_and_logits_swapped(random: Random, size: int) -> Pair:
    """guillaume-chevalier/LSTM-Human-Activity-Recognition#8, isaaccorley/detcon-pytorch#2: the loss's arguments in the
    other order.
    """
    logits, labels = some(random, size, *outputs("digits"))
    rows = one_hot(labels, 10)
    return by_class(rows, logits, loss_type=ROWS), by_class(logits, rows, loss_type=ROWS)


@named_by(says="class_weights")
def class_weights_as_weights(random: Random, size: int) -> Pair:
    """Of the taxonomy's kind "wrong format of passed weights" (to which it counts Stack Overflow 51341479): one weight
    for each class, passed as the samples' weights.
    """
    logits, labels = some(random, size, *outputs("digits"))
    weights = np.linspace(0.5, 2, 10)
    return (
        by_class(logits, labels, weights=weights),
        by_class(logits, labels, class_weights=weights, reduction="weighted_mean"),
    )


# Weights that do something else than is meant.


@cache
def rare_class() -> tuple[Array, Array, Array]:
    """Digits of which few are not 0: logits, labels and how often each class occurs in training."""
    split = data.digits()
    few = (split.train_labels == 0) | (np.arange(len(split.train)) % 12 == 0)
    model = LogisticRegression(solver="newton-cholesky").fit(split.train[few], split.train_labels[few])
    rest = (split.rest_labels == 0) | (np.arange(len(split.rest)) % 12 == 0)
    counts = np.bincount(split.train_labels[few], minlength=10)
    return model.decision_function(split.rest[rest]), split.rest_labels[rest], counts


@named_by("weights_enlarge_imbalance")
def counts_as_class_weights(random: Random, size: int) -> Pair:
    """JavisPeng/ecg_pytorch#4: the classes' counts themselves as their weights."""
    logits, labels, counts = rare_class()
    logits, labels = some(random, size, logits, labels)
    return (
        by_class(logits, labels, class_weights=counts.astype(float), reduction="weighted_mean"),
        by_class(logits, labels, class_weights=counts.sum() / (10 * counts), reduction="weighted_mean"),
    )


@named_by("weights_enlarge_imbalance")
def logarithms_that_favour_common_classes(random: Random, size: int) -> Pair:
    """PRBonn/lidar-bonnetal#48: 1 / log(1 / frequency + ε) as a class's weight is larger the commoner the class."""
    logits, labels, counts = rare_class()
    logits, labels = some(random, size, logits, labels)
    return (
        by_class(logits, labels, class_weights=1 / np.log(counts.sum() / counts + 0.001), reduction="weighted_mean"),
        by_class(logits, labels, class_weights=counts.sum() / (10 * counts), reduction="weighted_mean"),
    )


@named_by("mean_ignores_class_weights")
def unnormalised_class_weights(random: Random, size: int) -> Pair:
    """EthanRosenthal/spacecutter#16, pytorch/pytorch#8062: class weights multiply the losses, and their sum does not
    divide the mean.
    """
    logits, labels, counts = rare_class()
    logits, labels = some(random, size, logits, labels)
    weights = counts.sum() / counts
    return (
        by_class(logits, labels, class_weights=weights, reduction="mean"),
        by_class(logits, labels, class_weights=weights, reduction="weighted_mean"),
    )


@cache
def rare_positives() -> tuple[Array, Array, float]:
    """Is it an eight? Logits, labels, and negatives / positives."""
    split = data.digits()
    model = LogisticRegression(solver="newton-cholesky").fit(split.train, split.train_labels == 8)
    positives = float((split.train_labels == 8).mean())
    return model.decision_function(split.rest), (split.rest_labels == 8).astype(int), (1 - positives) / positives


@named_by("negative_pos_weight")
def negative_pos_weight(random: Random, size: int) -> Pair:
    """automl/Auto-PyTorch#263: the negatives are counted as positives − all, so the weight is negative."""
    logits, labels, ratio = rare_positives()
    logits, labels = some(random, size, logits, labels)
    return by_question(logits, labels, pos_weight=-ratio), by_question(logits, labels, pos_weight=ratio)


@named_by("scalar_weight_only_rescales")
def one_weight_against_imbalance(random: Random, size: int) -> Pair:
    """sail-sg/volo#31: one number that multiplies the loss, hoped to balance the classes."""
    logits, labels, ratio = rare_positives()
    logits, labels = some(random, size, logits, labels)
    return by_question(logits, labels, weights=ratio), by_question(logits, labels, pos_weight=ratio)


# Language models.


@named_by("labels_may_need_a_shift")
def no_shift(random: Random, size: int) -> Pair:
    """Shark-NLP/OpenICL#26: the tokens themselves as labels of a next-token model."""
    logits, tokens = sequences(random, size)
    return by_class(logits, tokens[:, :-1]), by_class(logits, tokens[:, 1:])


@named_by("labels_may_be_shifted_twice")
def two_shifts(random: Random, size: int) -> Pair:
    """huggingface/transformers#37830 and #47394: the labels are shifted by the model, and by its loss again."""
    logits, tokens = sequences(random, size)
    return by_class(logits[:, :-1], tokens[:, 2:]), by_class(logits[:, :-1], tokens[:, 1:-1])


# Networks that are dead.


@named_by("identical_rows")
def dead_relus(random: Random, size: int) -> Pair:
    """AUTOTRAINER's "dying ReLU" (its example DyingReLU): every hidden unit is 0, so all samples get the biases."""
    split = data.digits()
    generator = np.random.default_rng(0)
    hidden, last = Dense(64, 32, generator), Dense(32, 10, generator)
    hidden.parameters[1] -= 100
    network = Network(hidden, ACTIVATIONS["relu"], last)
    network.train(split.train, one_hot(split.train_labels, 10), "softmax", 50)
    dead, labels = some(random, size, network(split.rest), split.rest_labels)
    logits, right = some(random, size, *outputs("digits"))
    return by_class(dead, labels), by_class(logits, right)


@named_by("identical_rows")
def weights_of_zero(random: Random, size: int) -> Pair:
    """NeuraLint's TF_lenet_zeros_init, the taxonomy's "wrong weights initialization": all weights start at 0 and stay
    there; only the last biases learn.
    """
    split = data.wine()
    generator = np.random.default_rng(0)
    network = Network(Dense(13, 16, generator, 0.0), ACTIVATIONS["relu"], Dense(16, 3, generator, 0.0))
    network.train(split.train, one_hot(split.train_labels, 3), "softmax", 50)
    same, labels = some(random, size, network(split.rest), split.rest_labels)
    logits, right = some(random, size, *outputs("wine"))
    return by_class(same, labels), by_class(logits, right)


NOT_SHOWN: tuple[str, ...] = (
    "a learning rate too high or too low, too few epochs, an optimiser or batch size that does not fit (DeepFD, "
    "DeepLocalize, AUTOTRAINER: most of their faults)",
    "inputs that are not scaled, or scaled otherwise in the test (DeepFD's missing and wrong preprocessing)",
    "hidden layers: the wrong activation, missing or redundant layers, bad initialisation that still learns, gradients "
    "that vanish or explode before they reach the loss (NeuraLint, DeepLocalize, AUTOTRAINER, the taxonomy)",
    "a log_softmax too many (Randl/MobileNetV2-pytorch#5): applying it again changes nothing",
    "padding that has a class of its own and counts (lucidrains/DALLE-pytorch#57, 01-ai/Yi#110): such labels look like "
    "any others",
    "labels that are wrong for a few samples, or leak into the inputs; a metric that does not fit; data that is not "
    "representative (the taxonomy's training data)",
    "the mean squared error for classes (DeepLocalize's 33969059, 38648195, 34673164): no cross-entropy is asked for",
    "GPU, API, type and tensor-shape faults that end before a loss (most of the taxonomy)",
)
"""Published faults that one batch of logits and labels cannot show."""
