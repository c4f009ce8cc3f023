from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ProblemError")


@_attrs_define
class ProblemError:
    """One thing that is wrong, and where.

    Attributes:
        loc (list[int | str]): the path to it, from the request's part on
        code (str): What is wrong, for programs; `/learn/{code}` explains it. New codes may be added.

            - `not_numeric`: An array holds something that is not a number.
            - `ragged`: Rows of one array differ in length or depth.
            - `empty`: An array holds nothing.
            - `nan`: An array holds NaN.
            - `infinite`: An infinity stands where none may.
            - `wrong_shape`: Shapes don't fit each other.
            - `axis_out_of_range`: The logits have no such axis.
            - `label_out_of_range`: A class index is outside [0, C).
            - `label_not_whole`: A class index is not an integer.
            - `not_one_hot`: A row of labels is not one-hot, where the loss is of one class for each row.
            - `inexact_labels`: Class indices have a float type that does not hold all of them exactly.
            - `not_a_probability`: A value is no probability, though from_logits=False says that it is.
            - `masked_row`: Every class of a row is masked by −inf.
            - `parameter_out_of_range`: A parameter has a value it can't have.
            - `unexpected_parameter`: The loss type doesn't take this parameter.
            - `missing_parameter`: The loss type needs this parameter.
            - `unclear_labels`: The labels have none of the forms that loss_type="auto" knows.
            - `undefined_loss`: The result would be +inf − inf.
            - `invalid_tensor`: A tensor object's dtype, shape or data is not what it must be, or they contradict each
            other.
            - `not_json`: The body is not JSON.
            - `not_inflatable`: The body is not compressed as its Content-Encoding says.
            - `missing`: A field is absent that is required.
            - `unknown_field`: A field is none of this request's.
            - `unknown_value`: A value is none of those that the field knows.
            - `wrong_type`: A value is of another type than the field's.
        message (str): what was found and what was expected, for people
    """

    loc: list[int | str]
    code: str
    message: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loc = []
        for loc_item_data in self.loc:
            loc_item: int | str
            loc_item = loc_item_data
            loc.append(loc_item)

        code = self.code

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loc": loc,
                "code": code,
                "message": message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        loc = []
        _loc = d.pop("loc")
        for loc_item_data in _loc:

            def _parse_loc_item(data: object) -> int | str:
                return cast(int | str, data)

            loc_item = _parse_loc_item(loc_item_data)

            loc.append(loc_item)

        code = d.pop("code")

        message = d.pop("message")

        problem_error = cls(
            loc=loc,
            code=code,
            message=message,
        )

        problem_error.additional_properties = d
        return problem_error

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
