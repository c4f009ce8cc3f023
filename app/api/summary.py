"""The summary and the calibration of a batch, as responses have them."""

from dataclasses import fields, is_dataclass
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from app.api.fields import Number, ResponseModel
from app.wire.json import Encoded, encoded
from xent_core import results

EXACT = (
    "Exact sums are lists: the sum rounded to float64, what that leaves rounded in turn, and so on. To merge them, "
    "join the lists and add up (`math.fsum`)."
)
ExactSum = Annotated[list[Number], Field(description="an exact sum")]
ExactSums = Annotated[
    list[list[Number]],
    WithJsonSchema({"type": "array", "items": {"type": "array", "items": {}}}),
    Field(description="exact sums, one for each class or bin: a list of their first parts, one of their second, …"),
]


class PerClass(ResponseModel):
    """Figures of each class (softmax losses) or column (sigmoid losses); 0 where `count` is 0."""

    count: Annotated[list[int], Field(description="softmax: samples with this label; sigmoid: logits in this column")]
    positives: Annotated[list[int] | None, Field(description="sigmoid losses: labels above 1/2")] = None
    mean: Annotated[list[Number], Field(description="Σ w·ℓ / Σ v")]
    accuracy: Annotated[list[float], Field(description="the share whose prediction is right")]


class ClassSums(ResponseModel):
    """Sums for each class or column. `target` and `opposite` tell the best constant prediction."""

    count: Annotated[list[int], Field(description="elements that count")]
    positives: Annotated[list[int] | None, Field(description="sigmoid losses: labels above 1/2")] = None
    hits: Annotated[list[int], Field(description="elements whose prediction is right")]
    loss: ExactSums
    weight: ExactSums
    target: Annotated[ExactSums | None, Field(description="Σ w·y, with class weights or `pos_weight` inside")] = None
    opposite: Annotated[ExactSums | None, Field(description="sigmoid losses: Σ w·(1 − y)")] = None


class SummarySums(ResponseModel):
    __doc__ = f"""What merges over requests: add up numbers, and exact sums as follows. {EXACT}"""

    samples: Annotated[int, Field(description="all of them")]
    counted: Annotated[int, Field(description="elements that count")]
    ignored: Annotated[int, Field(description="elements whose label is ignored or missing")]
    zero_weight: Annotated[int, Field(description="other elements, whose weight is 0")]
    counted_samples: Annotated[int, Field(description="samples of which something counts")]
    loss: Annotated[list[Number], Field(description="Σ w·ℓ, exact")]
    weight: Annotated[list[Number], Field(description="Σ v, exact: loss / weight is the mean")]
    loss_squared: Annotated[list[Number], Field(description="Σ a² over samples, a a sample's Σ w·ℓ")]
    loss_weight: Annotated[list[Number], Field(description="Σ a·b over samples, b a sample's Σ v")]
    weight_squared: Annotated[list[Number], Field(description="Σ b² over samples")]
    minimum: Annotated[Number | None, Field(description="of many the least")] = None
    maximum: Annotated[Number | None, Field(description="of many the largest")] = None
    hits: Annotated[int, Field(description="elements whose prediction is right")]
    uniform: ExactSum
    top5_hits: Annotated[
        int | None, Field(description="softmax losses: samples whose label is among the five largest logits")
    ] = None
    entropy: Annotated[
        ExactSum | None, Field(description="softmax losses: Σ of the entropies of the predicted distributions")
    ] = None
    label_entropy: Annotated[
        ExactSum | None, Field(description="softmax cross-entropies: Σ of the least losses that the labels allow")
    ] = None
    per_class: Annotated[ClassSums | None, Field(description="with up to 1000 classes or columns")] = None


class Summary(ResponseModel):
    """Figures over what counts, in nats. What is not defined is absent: all from `mean` on where nothing counts."""

    samples: Annotated[int, Field(description="all of them")]
    counted: Annotated[int, Field(description="elements that count")]
    ignored: Annotated[int, Field(description="elements whose label is ignored or missing")]
    zero_weight: Annotated[int, Field(description="other elements, whose weight is 0")]
    mean: Annotated[Number | None, Field(description="Σ w·ℓ / Σ v, as reduction `weighted_mean`")] = None
    standard_error: Annotated[
        Number | None,
        Field(
            description=(
                "of the mean, samples taken as independent: √(n / (n − 1) · Σ (a − mean·b)²) / Σ b, with a a sample's "
                "Σ w·ℓ and b its Σ v; absent for fewer than two, and for infinite losses"
            )
        ),
    ] = None
    minimum: Annotated[Number | None, Field(description="of `per_sample`")] = None
    maximum: Annotated[Number | None, Field(description="of `per_sample`")] = None
    q50: Annotated[Number | None, Field(description="the median of `per_sample`, linear between values")] = None
    q90: Annotated[Number | None, Field(description="its quantile 0.9. Quantiles do not merge")] = None
    q99: Annotated[Number | None, Field(description="its quantile 0.99")] = None
    accuracy: Annotated[
        float | None, Field(description="the share of elements whose prediction is right, weights left out")
    ] = None
    uniform: Annotated[Number | None, Field(description="the mean if all logits were 0")] = None
    prior: Annotated[
        Number | None,
        Field(
            description=(
                "the least mean that one constant prediction has, the labels' own frequencies; for cross-entropies "
                "with up to 1000 classes"
            )
        ),
    ] = None
    perplexity: Annotated[Number | None, Field(description="softmax losses: exp(mean)")] = None
    bits: Annotated[Number | None, Field(description="softmax losses: mean / log 2")] = None
    top5_accuracy: Annotated[
        float | None, Field(description="softmax losses: the share whose label is among the five largest logits")
    ] = None
    mean_entropy: Annotated[
        Number | None, Field(description="softmax losses: of the predicted distributions, weights left out")
    ] = None
    label_entropy: Annotated[
        Number | None, Field(description="softmax cross-entropies: the least that the mean could be")
    ] = None
    per_class: Annotated[PerClass | None, Field(description="with up to 1000 classes or columns")] = None
    sums: Annotated[SummarySums, Field(description="what merges over requests")]


class Bins(ResponseModel):
    """15 bins of equal width, from one edge exclusive to the next inclusive; the first holds 0 too."""

    edges: Annotated[list[float], Field(description="16 of them, from 0 to 1")]
    count: Annotated[list[int], Field(description="samples (softmax losses) or logits (sigmoid losses) in each bin")]
    mean_confidence: Annotated[list[float], Field(description="0 where a bin is empty")]
    accuracy: Annotated[list[float], Field(description="0 where a bin is empty")]


class FittedTemperature(ResponseModel):
    """The temperature from 0.01 to 100 that minimises the mean loss."""

    temperature: Annotated[float, Field(description="logits are divided by it; it does not merge")]
    loss_before: Annotated[Number, Field(description="the mean, Σ w·ℓ / Σ v, as it is")]
    loss_after: Annotated[Number, Field(description="the mean at this temperature")]


class CalibrationSums(ResponseModel):
    __doc__ = f"""What merges over requests. {EXACT}"""

    counted: Annotated[int, Field(description="samples (softmax losses) or logits (sigmoid losses) that count")]
    count: Annotated[list[int], Field(description="how many are in each bin")]
    confidence: ExactSums
    hits: ExactSums
    brier: ExactSum


class Calibration(ResponseModel):
    """How well the predicted probabilities are calibrated, over what counts, without weights.

    Softmax losses: the confidence is the largest probability, and accuracy is how often that class is the label.
    Sigmoid losses: the confidence is the probability of yes, and accuracy the mean label.
    """

    expected_error: Annotated[
        float | None,
        Field(description="Σ count · |mean_confidence − accuracy| / Σ count; absent where nothing counts"),
    ] = None
    brier_score: Annotated[
        Number | None,
        Field(
            description=(
                "softmax losses: mean of Σ_c (p_c − y_c)², from 0 to 2; sigmoid losses: mean of (p − y)²; absent where "
                "nothing counts"
            )
        ),
    ] = None
    bins: Annotated[Bins, Field(description="what the expected error is made of")]
    fitted: Annotated[
        FittedTemperature | None, Field(description="for cross-entropies; absent where a loss is infinite")
    ] = None
    sums: Annotated[CalibrationSums, Field(description="what merges over requests")]


def summary_content(summary: results.Summary) -> Encoded:
    """The summary in the form of `Summary`; its arrays are lists whatever the encoding."""
    return encoded(plain_content(summary))


def calibration_content(calibration: results.Calibration) -> Encoded:
    """The calibration in the form of `Calibration`."""
    content = plain_content(calibration)
    bins = {name: content.pop(name) for name in ("edges", "count", "mean_confidence", "accuracy")}
    return encoded(content | {"bins": bins})


def plain_content(figures: Any) -> dict[str, Any]:
    """A dataclass as a dictionary, what is None left out."""
    content = {}
    for field in fields(figures):
        value = getattr(figures, field.name)
        if value is not None:
            content[field.name] = _plain(value)
    return content


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return plain_content(value) if is_dataclass(value) else value
