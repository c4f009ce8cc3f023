"""The ways an input can be wrong, one class for each.

    InvalidInput
    ├── NotNumeric            an array holds something that is not a number
    ├── Ragged                rows of one array differ in length or depth
    ├── Empty                 an array holds nothing
    ├── NotANumber            an array holds NaN
    ├── Infinite              an infinity stands where none may
    ├── WrongShape            shapes don't fit each other
    ├── AxisOutOfRange        the logits have no such axis
    ├── LabelOutOfRange       a class index is outside [0, C)
    ├── LabelNotWhole         a class index is not an integer
    ├── NotAProbability       from_logits=False, and a value is no probability
    ├── MaskedRow             every class of a row is masked by −inf
    ├── ParameterOutOfRange   a parameter has a value it can't have
    ├── UnexpectedParameter   the loss type doesn't take this parameter
    ├── MissingParameter      the loss type needs this parameter
    ├── UnclearLabels         loss_type="auto", and the labels have none of the forms it knows
    └── UndefinedLoss         the result would be +inf − inf

Each carries a stable `code`, the `argument`'s name, and the `position` in it (of a whole argument: ()). A message
says what was found and what was expected, and may be shown to the caller's caller: it never holds more than one value
of theirs.
"""

from typing import ClassVar


class InvalidInput(ValueError):
    """An argument can't be computed with: which, where in it, and why."""

    code: ClassVar[str] = "invalid"

    def __init__(self, argument: str, message: str, position: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.argument = argument
        self.position = position
        self.message = message

    def __str__(self) -> str:
        return f"{self.argument}{list(self.position) if self.position else ''}: {self.message}"


class NotNumeric(InvalidInput):
    code = "not_numeric"


class Ragged(InvalidInput):
    code = "ragged"


class Empty(InvalidInput):
    code = "empty"


class NotANumber(InvalidInput):
    code = "nan"


class Infinite(InvalidInput):
    code = "infinite"


class WrongShape(InvalidInput):
    code = "wrong_shape"


class AxisOutOfRange(InvalidInput):
    code = "axis_out_of_range"


class LabelOutOfRange(InvalidInput):
    code = "label_out_of_range"


class LabelNotWhole(InvalidInput):
    code = "label_not_whole"


class NotAProbability(InvalidInput):
    code = "not_a_probability"


class MaskedRow(InvalidInput):
    code = "masked_row"


class ParameterOutOfRange(InvalidInput):
    code = "parameter_out_of_range"


class UnexpectedParameter(InvalidInput):
    code = "unexpected_parameter"


class MissingParameter(InvalidInput):
    code = "missing_parameter"


class UnclearLabels(InvalidInput):
    code = "unclear_labels"


class UndefinedLoss(InvalidInput):
    code = "undefined_loss"
