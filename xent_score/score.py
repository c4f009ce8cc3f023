"""The job of `xent score`: losses of blocks, as rows."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xent_core import evaluate
from xent_core.losses import AUTO, LOSSES
from xent_core.prepare import Options
from xent_core.results import Evaluation
from xent_score.arrow import to_arrow
from xent_score.errors import DataError
from xent_score.files import Block
from xent_score.rows import LOSS, key_columns, null_rows, value_column
from xent_score.streams import Job, PartSums, first_result
from xent_score.sums import Sums

FIGURES = ("summary", "calibration")
QUALITY = ("self_confidence", "normalized_margin")
"""Label-quality scores, as cleanlab has them: low where the label is doubtful."""


def options_of(parameters: dict[str, Any]) -> Options:
    """Those of the parameters of evaluate that say what labels are."""
    return Options(**{name: value for name, value in parameters.items() if name in Options._fields})


@dataclass(frozen=True)
class ScoreJob(Job):
    """A run of `xent score`.

    parameters  of evaluate; the loss type is resolved before blocks are computed
    loss_type   as it was asked for: for "auto" each block has to call for the same loss
    include     by-products that the rows have beside the loss
    schema      of the rows
    """

    parameters: dict[str, Any]
    loss_type: str
    include: tuple[str, ...]
    silence: tuple[str, ...] = ()
    schema: pa.Schema | None = None

    def resolved(self) -> tuple["ScoreJob", Block]:
        """With the loss type that the first rows call for, if it is "auto"; and those rows. Raises DataError."""
        block, result = first_result(self)
        schema = self.table(self.plan.source.files[0], block, result).schema
        return replace(self, parameters=self.parameters | {"loss_type": result.loss_type}, schema=schema), block

    def sums(self) -> PartSums:
        return Sums(options=options_of(self.parameters))

    def compute(self, path: Path, block: Block) -> Evaluation:
        """Raises InvalidInput, and DataError where the block's labels call for another loss than the first's."""
        fields = block.fields
        loss_type = self.parameters.get("loss_type")
        include: list[Any] = [name for name in self.include if name not in QUALITY]
        if loss_type is not None:
            include += FIGURES
        if {"margin", "normalized_margin"} & {*self.include}:
            # The rank says which rows have a label that counts.
            include += ("margin", "label_rank")
        result = evaluate(
            fields["logits"],
            fields["labels"],
            weights=fields.get("weights"),
            include=include,
            fit_temperature=False,
            silence=self.silence,
            **self.parameters | {"loss_type": loss_type or self.loss_type},
        )
        if result.per_sample.shape[:1] != (block.rows,):
            raise DataError(
                f"{path}: the rows of logits, of shape {list(fields['logits'].shape)}, are no samples of "
                f"{result.loss_type}; one row for each sample was expected, and the classes on a later axis"
            )
        if self.loss_type == "auto" and result.recommendation is not None:
            called_for = AUTO.get(result.recommendation.label_kind)
            # The other way round, a few rows of yes/no questions may each happen to hold a single 1.
            if called_for is not None and called_for.is_elementwise and not LOSSES[result.loss_type].is_elementwise:
                last = block.first + block.rows - 1
                raise DataError(
                    f"{path}, rows {block.first} to {last}: the labels call for {called_for.name}, those of the first "
                    f"rows for {result.loss_type}; name the loss with --loss-type"
                )
        return result

    def table(self, path: Path, block: Block, result: Evaluation | None) -> pa.Table:
        many_files = len(self.plan.source.files) > 1
        if result is None:
            columns = key_columns(path, block, (), many_files=many_files)
            assert self.schema is not None  # noqa: S101  the job is resolved
            return null_rows(columns, self.schema, block.rows)
        losses = result.per_sample
        columns = key_columns(path, block, losses.shape[1:], many_files=many_files)
        columns[LOSS] = to_arrow(losses.reshape(-1))
        for name in self.include:
            columns[name] = value_column(self._output(name, block, result), losses.size)
        return pa.table(columns)

    def _output(self, name: str, block: Block, result: Evaluation) -> NDArray[Any]:
        """A by-product, or a label-quality score."""
        if name == "normalized_margin":
            assert result.margin is not None  # noqa: S101  it was asked for
            return (result.margin + 1) / 2
        if name == "self_confidence":
            return self._self_confidence(block, result)
        output: NDArray[Any] = getattr(result, name)
        return output

    def _self_confidence(self, block: Block, result: Evaluation) -> NDArray[Any]:
        """The probability of the label, 1 where none counts."""
        logits, labels = block.fields["logits"], block.fields["labels"]
        taken: dict[str, Any] = {
            name: self.parameters[name]
            for name in ("axis", "from_logits", "temperature", "shift")
            if name in self.parameters
        }
        if labels.ndim == logits.ndim:
            labels = labels.argmax(axis=self.parameters["axis"])
        elif self.parameters["ignore_index"] is not None:
            taken["ignore_index"] = self.parameters["ignore_index"]
        of_label = AUTO["class_indices"].name
        weights = block.fields.get("weights")
        counts = None if weights is None else (weights != 0).astype(np.float32)
        losses = evaluate(logits, labels, loss_type=of_label, weights=counts, advice="none", **taken).per_sample
        confidence: NDArray[Any] = np.exp(-losses)
        return confidence.reshape(result.per_sample.shape)
