"""The ways an input can be wrong: InvalidInput, and one class below it for each.

A message says what was found and what was expected, and may be shown to a client: it never holds more than
one of its values.
"""

from typing import ClassVar


class InvalidInput(ValueError):
    """An argument can't be computed with.

    code      stable, for programs
    argument  its name
    position  where in it; () where it is wrong as a whole
    message   what was found and what was expected
    """

    code: ClassVar[str] = "invalid"

    def __init__(self, argument: str, message: str, position: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.argument = argument
        self.position = position
        self.message = message

    def __str__(self) -> str:
        return f"{self.argument}{list(self.position) if self.position else ''}: {self.message}"


class NotNumeric(InvalidInput):
    """An array holds something that is not a number."""

    code = "not_numeric"


class Ragged(InvalidInput):
    """Rows of one array differ in length or depth."""

    code = "ragged"


class Empty(InvalidInput):
    """An array holds nothing."""

    code = "empty"


class NotANumber(InvalidInput):
    """An array holds NaN."""

    code = "nan"


class Infinite(InvalidInput):
    """An infinity stands where none may."""

    code = "infinite"


class WrongShape(InvalidInput):
    """Shapes don't fit each other."""

    code = "wrong_shape"


class AxisOutOfRange(InvalidInput):
    """The logits have no such axis."""

    code = "axis_out_of_range"


class LabelOutOfRange(InvalidInput):
    """A class index is outside [0, C)."""

    code = "label_out_of_range"


class LabelNotWhole(InvalidInput):
    """A class index is not an integer."""

    code = "label_not_whole"


class NotOneHot(InvalidInput):
    """A row of labels is not one-hot, where the loss is of one class for each row."""

    code = "not_one_hot"


class InexactLabels(InvalidInput):
    """Class indices have a float type that does not hold all of them exactly."""

    code = "inexact_labels"


class NotAProbability(InvalidInput):
    """A value is no probability, though from_logits=False says that it is."""

    code = "not_a_probability"


class MaskedRow(InvalidInput):
    """Every class of a row is masked by −inf."""

    code = "masked_row"


class ParameterOutOfRange(InvalidInput):
    """A parameter has a value it can't have."""

    code = "parameter_out_of_range"


class UnexpectedParameter(InvalidInput):
    """The loss type doesn't take this parameter."""

    code = "unexpected_parameter"


class MissingParameter(InvalidInput):
    """The loss type needs this parameter."""

    code = "missing_parameter"


class UnclearLabels(InvalidInput):
    """The labels have none of the forms that loss_type="auto" knows."""

    code = "unclear_labels"


class UndefinedLoss(InvalidInput):
    """The result would be +inf − inf."""

    code = "undefined_loss"
