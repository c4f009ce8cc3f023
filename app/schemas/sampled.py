"""`POST /v1/sampled-softmax`."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StrictBool, StrictInt

from app.schemas.base import Answer, Array, Encoding, Request
from app.schemas.loss import Reduced
from app.schemas.recommendation import LossWarning
from xent_core.reduction import Reduction
from xent_core.samplers import SEEDS, Sampler


class SampledValues(Request):
    """What a sampler gives: `tf.random.log_uniform_candidate_sampler` and its kin give the same three."""

    candidates: Annotated[Array, Field(description="The classes drawn, [S].")]
    true_expected_count: Annotated[
        Array, Field(description="How often each label is expected among them, in the shape of `labels`. Above 0.")
    ]
    sampled_expected_count: Annotated[
        Array, Field(description="How often each candidate is expected among them, [S]. Above 0.")
    ]


class SampledSoftmaxRequest(Request):
    """One batch before the last layer, that layer, and the classes to compare with.

    Either `num_sampled` is given, or `sampled_values`.
    """

    weights: Annotated[
        Array,
        Field(
            description=(
                "The last layer's weights, one row for each class: [C, d]. Only the rows that labels and candidates "
                "name are looked at. Nested lists are computed in float64."
            )
        ),
    ]
    biases: Annotated[Array, Field(description="The last layer's biases, [C].")]
    inputs: Annotated[Array, Field(description="What goes into the last layer, [B, d].")]
    labels: Annotated[
        Array, Field(description="The class or classes true of each input: ids from 0 to C − 1, [B] or [B, T].")
    ]
    num_sampled: Annotated[
        StrictInt | None,
        Field(description="How many distinct classes to draw, at most C.", json_schema_extra={"minimum": 1}),
    ] = None
    sampler: Annotated[
        Sampler | None,
        Field(
            description=(
                "How they are drawn. `log_uniform`, which absent means, for ids in order of falling frequency: "
                "P(k) = log((k + 2) / (k + 1)) / log(C + 1). `uniform`: P(k) = 1 / C."
            )
        ),
    ] = None
    seed: Annotated[
        StrictInt | None,
        Field(
            description=(
                "The same seed gives the same candidates on every machine. Absent: a fresh one, reported in the answer."
            ),
            json_schema_extra={"minimum": 0, "maximum": SEEDS - 1},
        ),
    ] = None
    sampled_values: Annotated[
        SampledValues | None,
        Field(
            description=(
                "In place of drawing, with `num_sampled`, `sampler` and `seed` absent: the caller's own sample, or "
                "that of an earlier answer."
            )
        ),
    ] = None
    remove_accidental_hits: Annotated[
        StrictBool, Field(description="Leave out of a row the candidates that are labels of it.")
    ] = True
    subtract_log_q: Annotated[
        StrictBool,
        Field(
            description=(
                "Subtract the logarithm of its expected count, q, from each logit. Without it the classes that come "
                "up often are held down too much: the layer learns probabilities in proportion to p / q, not p."
            )
        ),
    ] = True
    reduction: Annotated[
        Reduction,
        Field(
            description=(
                "How losses become one value. With w a row's weight: `sum`: Σ w·ℓ. `mean`: Σ w·ℓ / B. "
                "`weighted_mean`: Σ w·ℓ / Σ w. `mean_by_nonzero_weights`: Σ w·ℓ / number of rows with w ≠ 0. "
                "`none`: `reduced` is null. A denominator of 0 gives 0."
            )
        ),
    ] = "mean"
    sample_weights: Annotated[
        Array | None, Field(description="Multiplies losses: a scalar, or [B]. Finite. Absent: 1.")
    ] = None
    encoding: Encoding = "list"

    @property
    def num_candidates(self) -> int:
        """As far as there can be so many."""
        if self.sampled_values is not None:
            return self.sampled_values.candidates.size
        return min(max(self.num_sampled or 0, 0), self.biases.size)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        within = {} if self.sampled_values is None else self.sampled_values.arrays
        return super().arrays | {f"sampled_values.{name}": array for name, array in within.items()}

    @property
    def computed_elements(self) -> int:
        """The logits of all rows, and the weights of the candidates and of one row's labels."""
        rows = len(np.atleast_1d(self.inputs))
        labels = self.labels.size // rows
        return (self.inputs.size // rows + rows) * (self.num_candidates + labels)


class SampledSoftmaxResponse(Answer):
    """The losses of one batch against a sample of the classes. Losses are in nats."""

    per_sample: Annotated[Array, Field(description="Weighted losses, [B].")]
    reduced: Annotated[Reduced | None, Field(description="null for reduction `none`")]
    sampled_values: Annotated[
        SampledValues, Field(description="What was drawn or given; `true_expected_count` is always [B, T].")
    ]
    seed: Annotated[int | None, Field(description="with which it was drawn; null where it was given")]
    warnings: Annotated[list[LossWarning], Field(description="always `train_only`")]
    checked: Annotated[
        list[str], Field(description="the codes of all checks that ran: silence about one that didn't says nothing")
    ]
