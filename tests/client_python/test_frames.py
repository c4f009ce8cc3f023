"""Data frames go in through Arrow's interface, and come out with their losses."""

import builtins
import doctest
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from tests.service import Server
from xent_client import InvalidInput, NotAnArray, Xent, frame_batches, with_losses
from xent_core import evaluate

RANDOM = np.random.default_rng(8)
LOGITS = RANDOM.normal(size=(50, 3)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, 50)
WEIGHTS = RANDOM.random(50)
SPARSE: Any = {"loss_type": "sparse_softmax_cross_entropy"}


class Stream:
    """What has Arrow's interface and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self.table.__arrow_c_stream__(schema)


def table() -> pa.Table:
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(LOGITS.reshape(-1)), 3)
    numbers = {name: pa.array(LOGITS[:, index]) for index, name in enumerate("abc")}
    text = pa.array([f"r{row}" for row in range(50)])
    columns = {"logits": fixed, "lists": fixed.cast(pa.list_(pa.float32())), "labels": pa.array(LABELS), "text": text}
    return pa.table(columns | numbers | {"weights": pa.array(WEIGHTS)})


def pandas_frame() -> Any:
    pandas = pytest.importorskip("pandas")
    columns = {"logits": [*LOGITS], "lists": [*LOGITS], "labels": LABELS, "text": [f"r{row}" for row in range(50)]}
    classes = {name: LOGITS[:, index] for index, name in enumerate("abc")}
    return pandas.DataFrame(columns | classes | {"weights": WEIGHTS}, index=range(100, 150))


def polars_frame() -> Any:
    return pytest.importorskip("polars").DataFrame(table())


FRAMES = [table, lambda: Stream(table()), pandas_frame, polars_frame]
KINDS = ["table", "stream", "pandas", "polars"]


@pytest.mark.parametrize("logits", ["logits", "lists", ["a", "b", "c"]], ids=str)
@pytest.mark.parametrize("make", FRAMES, ids=KINDS)
def test_a_frame_comes_out_with_the_losses_of_its_rows(xent: Xent, make: Any, logits: Any) -> None:
    frame = make()
    batches = frame_batches(frame, logits=logits, weights="weights", batch_size=20)
    assert len(batches) == 3
    result = xent.evaluate(batches, per_sample=True, **SPARSE)
    expected = evaluate(LOGITS, LABELS, weights=WEIGHTS, **SPARSE)
    assert result.reduced.value == pytest.approx(expected.reduced.value if expected.reduced else None, rel=1e-6)
    assert result.per_sample is not None
    found = with_losses(frame, result.per_sample)
    assert type(found) is (pa.Table if isinstance(frame, Stream) else type(frame))
    assert_array_equal(np.asarray(found["loss"]), expected.per_sample)
    assert np.asarray(found["text"]).tolist() == [f"r{row}" for row in range(50)]


def test_a_null_label_is_missing_and_rows_of_labels_are_distributions(xent: Xent) -> None:
    null = pa.table({"logits": table()["logits"], "labels": pa.array([None, *LABELS[1:].tolist()])})
    result = xent.evaluate(frame_batches(null, batch_size=50), per_sample=True, **SPARSE)
    assert result.per_sample is not None
    assert_array_equal(result.per_sample[:1], [0])
    one_hot = pa.table({"logits": table()["logits"], "labels": np.eye(3)[LABELS].tolist()})
    rows = xent.evaluate(frame_batches(one_hot, batch_size=50), loss_type="softmax_cross_entropy")
    assert rows.reduced.value == pytest.approx(float(evaluate(LOGITS, LABELS).per_sample.mean()), rel=1e-6)


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (table(), {"logits": "logit"}, "the frame has no column 'logit'; it has logits, lists, labels"),
        (Stream(table()), {"weights": "w"}, "the frame has no column 'w'"),
        ({"logits": LOGITS}, {}, "the frame has the type dict"),
        (table(), {"logits": ["a", "lists"]}, "column 'lists' holds lists; with one column for each class"),
        (table(), {"batch_size": 0}, "batch_size is 0"),
        (pa.table({"logits": [[1.0], [1.0, 2.0]], "labels": [0, 0]}), {}, "row 1: the list has length 2"),
        (pa.table({"logits": [[1.0, 2.0], [1.0], [1.0]], "labels": [0, 0, 0]}), {}, "row 1: the list has length 1"),
        (pa.table({"logits": [[1.0], None], "labels": [0, 0]}), {}, "row 1: null; a list of numbers"),
    ],
)
def test_what_is_wrong_with_a_frame_is_said(frame: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        [*frame_batches(frame, **{"batch_size": 10} | options)]


def test_a_null_logit_is_refused(xent: Xent) -> None:
    frame = pa.table({"a": [0.5, None], "b": [1.0, 2.0], "labels": [0, 1]})
    with pytest.raises(InvalidInput, match="logits"):
        xent.evaluate(frame_batches(frame, logits=["a", "b"], batch_size=2), **SPARSE)


def test_labels_that_are_text_are_refused_as_elsewhere(xent: Xent) -> None:
    with pytest.raises(NotAnArray, match="labels are text; class indices were expected"):
        xent.evaluate(frame_batches(table(), labels="text", batch_size=10))


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "pyarrow":
            raise ImportError
        return imported(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'xent-client\[frames\]'"):
        frame_batches(table(), batch_size=1)


def test_the_example_gives_what_it_shows(server: Server) -> None:
    with Xent(server.address, python_warnings=False) as xent:
        names = {"xent": xent, "frame_batches": frame_batches, "with_losses": with_losses}
        example = doctest.DocTestParser().get_doctest(frame_batches.__doc__ or "", names, "frame_batches", None, None)
        assert len(example.examples) == 4
        assert doctest.DocTestRunner().run(example).failed == 0
