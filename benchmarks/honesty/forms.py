"""The forms in which programs send the same sound batch: dtypes, labels, padding, weights, reductions.

Whatever is drawn here is right: the loss fits the labels, and the labels are the rows' own.
"""

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from benchmarks.honesty.batch import Batch, one_hot, sigmoid, softmax

Array = NDArray[Any]
Random = np.random.Generator
Options = dict[str, Any]

DTYPES = (np.float16, ml_dtypes.bfloat16, np.float32, np.float32, np.float64)
REDUCTIONS = ("none", "sum", "mean", "weighted_mean", "mean_by_nonzero_weights")
MARKS = (-100, -1, 255)
LOWEST = 1e-5
"""The least probability that is sent as one: nothing is clipped."""


def pick(random: Random, *names: str) -> str:
    return names[random.integers(len(names))]


def classes_batch(logits: Array, indices: Array, random: Random) -> Batch:
    """Classes that exclude each other, as indices or as rows, padded or not."""
    classes = logits.shape[-1]
    logits, dtype = _cast(logits, random)
    form, padding = _classes_form(classes, indices.size, random)
    labels = _classes_labels(form, indices, classes, random)
    options = _classes_options(form, classes, random)
    if form in ("indices", "one-hot") and "label_smoothing" not in options and random.random() < 0.1:
        logits, dtype = _mask(logits, indices, random), f"{dtype}, masked classes"
    if padding != "no padding":
        padding, logits, labels = _pad_rows(padding, logits, labels, indices.shape, options, random)
    elif random.random() < 0.15:
        logits = _as_probabilities(logits, softmax(logits.astype(np.float64)), options)
    elif indices.ndim and random.random() < 0.2:
        options["weights"] = random.uniform(0.2, 2.0, indices.shape)
    if logits.ndim > 2 and random.random() < 0.3:
        options["axis"], logits = 1, np.moveaxis(logits, -1, 1)
        labels = labels if form == "indices" else np.moveaxis(labels, -1, 1)
    elif "loss_type" in options and indices.size == 1 and random.random() < 0.5:
        logits, labels, dtype = logits.reshape(-1), labels.reshape(labels.shape[indices.ndim :]), f"{dtype}, unbatched"
        options.pop("weights", None)
    return Batch(logits, labels, options, "softmax", _words(form, padding, options, indices.size, dtype))


def _classes_form(classes: int, samples: int, random: Random) -> tuple[str, str]:
    form = pick(random, "indices", "indices", "one-hot", "smoothed one-hot", "mixed-up rows", "rows of two decimals")
    if form == "rows of two decimals" and classes > 10:
        form = "smoothed one-hot"  # two decimals of many classes lose too much to be a distribution
    marked = "ignored labels" if form == "indices" else "rows of zeros of weight 0"
    padding = pick(random, "no padding", "no padding", "zero weights", marked)
    return form, padding if samples > 1 else "no padding"


def _classes_labels(form: str, indices: Array, classes: int, random: Random) -> Array:
    if form == "indices":
        return indices.astype(pick(random, "int64", "int32", "float64"))
    rows = one_hot(indices, classes)
    if form == "rows of two decimals":
        return np.round(0.7 * rows + 0.3 * softmax(random.standard_normal(rows.shape)), 2)
    if form == "smoothed one-hot":
        rows = 0.9 * rows + 0.1 / classes
    elif form == "mixed-up rows":
        share = random.uniform(0.6, 1)  # each row's own class stays the likeliest
        rows = share * rows + (1 - share) * rows.reshape(-1, classes)[::-1].reshape(rows.shape)
    return rows.astype(DTYPES[random.integers(1, len(DTYPES))])


def _classes_options(form: str, classes: int, random: Random) -> Options:
    options: Options = {"reduction": pick(random, *REDUCTIONS)}
    if random.random() < 0.15:
        options["class_weights"] = random.uniform(0.5, 2.0, classes)
    if form in ("indices", "one-hot") and random.random() < 0.15:
        options["label_smoothing"] = 0.1
    if random.random() < 0.5:
        options["loss_type"] = "sparse_softmax_cross_entropy" if form == "indices" else "softmax_cross_entropy"
    return options


def _mask(logits: Array, indices: Array, random: Random) -> Array:
    """−inf for classes that can't be, such as tokens or actions that are not allowed."""
    masked = random.random(logits.shape) < 0.2
    np.put_along_axis(masked, indices[..., np.newaxis], False, axis=-1)
    return np.where(masked, np.array(-np.inf, logits.dtype), logits)


def _pad_rows(
    padding: str, logits: Array, labels: Array, samples: tuple[int, ...], options: Options, random: Random
) -> tuple[str, Array, Array]:
    """Padded places hold logits as they come, 0 or NaN, and a mark, any label or a row of zeros."""
    padded = _padded(samples, random)
    over = pick(random, "logits", "logits", "0", "NaN")
    if over != "logits":
        logits = logits.copy()
        logits[padded] = float(over)
    if padding == "ignored labels":
        options["ignore_index"] = int(random.choice(MARKS))
        labels = np.where(padded, options["ignore_index"], labels)
    else:
        options["weights"] = np.where(padded, 0.0, 1.0)
        if padding == "rows of zeros of weight 0":
            labels = np.where(padded[..., np.newaxis], 0, labels)
        elif labels.shape == samples:
            filler = int(random.choice([0, -1]))
            labels, padding = np.where(padded, filler, labels), f"{padding}, labelled {filler}"
    return f"{padding} over NaN" if over == "NaN" else padding, logits, labels


def questions_batch(logits: Array, answers: Array, random: Random) -> Batch:
    """Yes/no questions, one or several for each sample, padded or not."""
    logits, dtype = _cast(logits, random)
    form = pick(random, "yes/no", "yes/no", "smoothed", "soft")
    labels = _answers(form, answers, random)
    if logits.ndim == 1 and random.random() < 0.5:
        logits, labels, dtype = logits[:, np.newaxis], labels[:, np.newaxis], f"{dtype}, [N, 1]"
    options: Options = {"reduction": pick(random, *REDUCTIONS)}
    padding = pick(random, "no padding", "no padding", "missing labels of weight 0", "samples of weight 0", "marked -1")
    padding = padding if answers.size > 1 else "no padding"
    if padding != "no padding":
        padding, labels = _leave_out(padding, labels, options, random)
    elif random.random() < 0.15:
        logits = _as_probabilities(logits, sigmoid(logits.astype(np.float64)), options)
    elif random.random() < 0.2:
        options["weights"] = random.uniform(0.2, 2.0, _one_each(labels))
    balanced = random.random() < 0.2
    if balanced:
        options["pos_weight"] = 3.0 if logits.ndim == 1 else random.uniform(1, 9, logits.shape[-1])
    if random.random() < 0.5 or _reads_as_one_class(labels, options):
        options["loss_type"] = "weighted_cross_entropy" if balanced else "sigmoid_cross_entropy"
    return Batch(logits, labels, options, "sigmoid", _words(form, padding, options, len(labels), dtype))


def _answers(form: str, answers: Array, random: Random) -> Array:
    if form == "smoothed":
        return (0.9 * answers + 0.05).astype(random.choice([np.float32, np.float64]))
    if form == "soft":
        return np.clip(answers + random.uniform(-0.3, 0.3, answers.shape), 0, 1)
    return answers.astype(random.choice([np.float32, np.float64, np.int64]))


def _leave_out(padding: str, labels: Array, options: Options, random: Random) -> tuple[str, Array]:
    """Labels that nobody gave, here and there or for whole samples."""
    if padding == "marked -1":
        options["ignore_index"] = -1
        return "missing labels marked -1", np.where(_padded(labels.shape, random), -1, labels)
    padded = _padded(labels.shape if padding.startswith("missing") else _one_each(labels), random)
    options["weights"] = np.where(padded, 0.0, 1.0)
    filler = random.choice([0, -1])
    return f"{padding}, labelled {filler}", np.where(padded, filler, labels)


def _one_each(labels: Array) -> tuple[int, ...]:
    """The shape of one weight for each sample."""
    return (len(labels), *[1] * (labels.ndim - 1))


def _reads_as_one_class(labels: Array, options: Options) -> bool:
    """Whether every sample happens to have one positive, so that the labels alone don't tell the two kinds apart."""
    if labels.ndim < 2 or labels.shape[-1] == 1:
        return False
    known = (np.broadcast_to(options.get("weights", 1.0), labels.shape) != 0) & (labels >= 0)
    return bool((np.abs(np.where(known, labels, 0).sum(axis=-1) - 1) < 0.1).all())


def _as_probabilities(logits: Array, probabilities: Array, options: Options) -> Array:
    """The probabilities in the logits' place, unless one is so near to 0 or 1 that it would be clipped."""
    if probabilities.min() < LOWEST or probabilities.max() > 1 - LOWEST:
        return logits
    options["from_logits"] = False
    return probabilities.astype(np.float32)


def _cast(logits: Array, random: Random) -> tuple[Array, str]:
    dtype = DTYPES[random.integers(len(DTYPES))]
    if dtype is np.float16 and np.abs(logits).max() > 1000:
        dtype = np.float32
    return logits.astype(dtype), np.dtype(dtype).name


def _padded(shape: tuple[int, ...], random: Random) -> Array:
    """Which places are padding: the end of each sequence or of the batch, or here and there; never all."""
    padded = random.random(shape) < random.uniform(0.1, 0.7)
    if random.random() < 0.5:
        padded = np.sort(padded, axis=-1 if shape[-1] > 1 else 0)
    padded[(0,) * len(shape)] = False
    return padded


def _words(labels: str, padding: str, options: Options, samples: int, dtype: str) -> str:
    weights = "weighted" if "weights" in options and padding == "no padding" else padding
    others = {"class_weights", "pos_weight", "label_smoothing", "from_logits"} & set(options)
    size, named = "one sample" if samples == 1 else "several", "named" if "loss_type" in options else "auto"
    return "; ".join([labels, weights, size, named, dtype, *sorted(others)])
