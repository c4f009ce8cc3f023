"""Responses to small clean batches by plans: see `xent_core.plan`.

A plan is made of a request that was validated, evaluated and found clean. It serves requests of the same form: the same
shapes and dtypes, and the same text of all other fields. Its responses are those of the endpoint, byte for byte.

`Plans` respond before a request is validated. `EvaluationPlans` evaluate requests that were.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from app.api.fields import RequestModel
from app.api.recommendation_content import losses_content
from app.middleware.reservation import Reservation
from app.telemetry.request_record import RequestRecord
from app.wire.json import encode_short
from xent_core.evaluate import evaluate
from xent_core.plan import Plan, Planned, is_clean, plan_for
from xent_core.results import Evaluation, LabelKind

# At most some 15 MB in all: an ending of a response has 1 to 3 kB, and only labels of one kind have several.
MAX_FORMS = 256
MAX_ENDINGS = 16
MAX_TEXT = 512
SCALARS = frozenset({str, int, float, bool, type(None)})


Made = TypeVar("Made")


class Form(NamedTuple):
    """What requests with one plan have in common. `others` is the text of all fields but logits and labels: values
    would not do, as 1, 1.0 and True are equal.
    """

    logits_shape: tuple[int, ...]
    logits_dtype: np.dtype[Any]
    labels_shape: tuple[int, ...]
    labels_dtype: np.dtype[Any]
    others: str


def form_of(document: Any) -> Form | None:
    """The form of a body, as it was decoded; None where there are no plans for such a one."""
    if type(document) is not dict:
        return None
    logits, labels = document.get("logits"), document.get("labels")
    if type(logits) is not np.ndarray or type(labels) is not np.ndarray:
        return None
    others = ""
    if len(document) > 2:
        fields = sorted(item for item in document.items() if item[0] not in ("logits", "labels"))
        if not SCALARS.issuperset([type(value) for _, value in fields]):
            return None
        others = repr(fields)
        if len(others) > MAX_TEXT:
            return None
    return Form(logits.shape, logits.dtype, labels.shape, labels.dtype, others)


class Attempt(NamedTuple):
    """What came of trying to respond to a request by a plan.

    form      None where there are no plans for it
    planned   what the plan found of the batch; None without a plan, or where the batch is not clean
    body      of the response; None where the general way has to compute it
    reserved  how many bytes were reserved
    """

    form: Form | None
    planned: Planned | None = None
    body: bytes | None = None
    reserved: int = 0


@dataclass(slots=True)
class ResponsePlan:
    """A plan, and what all its responses have in common.

    nbytes   what to reserve
    arrays   for the record, as the other fields below
    endings  what follows the losses in a response, by the number of rows of labels that don't sum to 1
    """

    plan: Plan
    nbytes: int
    base64: bool
    arrays: dict[str, str]
    loss_type: str
    samples: int
    elements: int
    warnings: tuple[str, ...]
    endings: dict[int, bytes] = field(default_factory=dict)

    def write(self, planned: Planned, record: RequestRecord) -> bytes | None:
        """The body of the response; None where its ending is not known."""
        ending = self.endings.get(planned.rows_not_one)
        if ending is None:
            return None
        record.computed(self.loss_type, self.samples, self.elements, self.warnings)
        content = losses_content(self.loss_type, planned.per_sample, planned.reduced)
        return encode_short(content, base64=self.base64)[:-1] + ending


class _PlansByForm(Generic[Made]):
    """The plans of one route of one application: of the forms used latest, and for each kind of labels that they had.

    None stands for a kind for which there can be no plan.
    """

    def __init__(self) -> None:
        self._forms: OrderedDict[Form, dict[LabelKind | None, Made | None]] = OrderedDict()

    def _made(
        self,
        form: Form,
        planned: Planned | None,
        result: Evaluation,
        arguments: dict[str, Any],
        make: Callable[[Plan], Made],
    ) -> tuple[Made | None, Planned | None]:
        """What there is for a clean batch, made if it is the first of its kind, and what the plan finds of it.

        planned: the same, as far as it is known. arguments: of `evaluate`.
        """
        kinds = self._forms.setdefault(form, {})
        kind = None if result.recommendation is None else result.recommendation.label_kind
        if kind not in kinds:
            plan = plan_for(**arguments)
            kinds[kind] = None if plan is None else make(plan)
            planned = None if plan is None else plan.evaluate(arguments["logits"], arguments["labels"])
            if len(self._forms) > MAX_FORMS:
                self._forms.popitem(last=False)
        return kinds[kind], planned


class Plans(_PlansByForm[ResponsePlan]):
    """Plans that respond to requests before these are validated."""

    def attempt(self, document: Any, record: RequestRecord, reservation: Reservation) -> Attempt:
        """Respond to a request, as it was decoded, by a plan. Raises BytesFull."""
        form = form_of(document)
        kinds = None if form is None else self._forms.get(form)
        if form is None or not kinds:
            return Attempt(form)
        self._forms.move_to_end(form)
        reserved = 0
        for found in kinds.values():
            if found is None:
                continue
            if not reserved:
                record.arrays = found.arrays
                reservation.reserve(found.nbytes)
                reserved = found.nbytes
                record.lap("decode")
            planned = found.plan.evaluate(document["logits"], document["labels"])
            if planned is not None:
                return Attempt(form, planned, found.write(planned, record), reserved)
        return Attempt(form, reserved=reserved)

    def learn(
        self,
        attempt: Attempt,
        request: RequestModel,
        record: RequestRecord,
        result: Evaluation,
        content: dict[str, Any],
    ) -> None:
        """Make a plan of a request that was evaluated, or add to the one there is, if the batch is clean.

        content: of the response.
        """
        if attempt.form is None or not is_clean(result):
            return
        arguments = dict(vars(request))
        base64 = arguments.pop("encoding") == "base64"
        make = partial(_response_plan, request=request, record=record, base64=base64)
        found, planned = self._made(attempt.form, attempt.planned, result, arguments, make)
        if found is not None and planned is not None and len(found.endings) < MAX_ENDINGS:
            found.endings[planned.rows_not_one] = _ending(content)


class EvaluationPlan(NamedTuple):
    """A plan, and the first evaluation, less its losses, for each number of rows of labels that don't sum to 1."""

    plan: Plan
    evaluations: dict[int, Evaluation]


class EvaluationPlans(_PlansByForm[EvaluationPlan]):
    """Plans that evaluate, for an endpoint that reads and writes all requests in one way."""

    def evaluate(self, arguments: dict[str, Any]) -> Evaluation:
        """What `evaluate` returns for these arguments. Raises what it raises."""
        given = {
            name: value
            for name, value in arguments.items()
            if value is not None and not (type(value) in (list, tuple) and not value)
        }
        form = form_of(given)
        kinds = {} if form is None else self._forms.get(form, {})
        if form is not None and kinds:
            self._forms.move_to_end(form)
        planned = None
        for found in kinds.values():
            planned = None if found is None else found.plan.evaluate(given["logits"], given["labels"])
            if found is not None and planned is not None:
                known = found.evaluations.get(planned.rows_not_one)
                if known is not None:
                    return known._replace(per_sample=planned.per_sample, reduced=planned.reduced)
                break
        result = evaluate(**arguments)
        if form is not None and is_clean(result):
            made, planned = self._made(form, planned, result, given, lambda plan: EvaluationPlan(plan, {}))
            if made is not None and planned is not None and len(made.evaluations) < MAX_ENDINGS:
                # Each later batch has its own losses.
                made.evaluations[planned.rows_not_one] = result._replace(per_sample=np.zeros(0), reduced=None)
        return result


def _response_plan(plan: Plan, request: RequestModel, record: RequestRecord, *, base64: bool) -> ResponsePlan:
    return ResponsePlan(
        plan,
        request.work_bytes,
        base64,
        record.arrays,
        record.loss_type,
        record.samples,
        record.elements,
        record.warnings,
    )


def _ending(content: dict[str, Any]) -> bytes:
    """The JSON of all that stands behind the losses."""
    names = losses_content("", np.zeros(0), None)
    rest = encode_short({name: value for name, value in content.items() if name not in names})
    return b"," + rest[1:] if len(rest) > 2 else b"}"
