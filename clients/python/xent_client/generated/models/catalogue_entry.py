from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.catalogue_entry_loss_type import (
    CatalogueEntryLossType,
    check_catalogue_entry_loss_type,
)

if TYPE_CHECKING:
    from ..models.catalogue_entry_example import CatalogueEntryExample
    from ..models.equivalents import Equivalents
    from ..models.parameter import Parameter
    from ..models.source import Source


T = TypeVar("T", bound="CatalogueEntry")


@_attrs_define
class CatalogueEntry:
    """What a loss computes, when to use it and when not, what it takes, and how it is called elsewhere.

    Attributes:
        loss_type (CatalogueEntryLossType): its name here
        title (str): its name for people
        endpoint (str): where it is computed
        formula (str): the loss of one element, in plain text
        latex (str): the same in LaTeX
        numpy (str): the same as a NumPy expression: x a row of logits (sigmoid losses: one), y its labels, k a class
            index, q the pos_weight or the parameter q, C the number of classes, T the number of true classes, which come
            first; gamma and epsilon are the parameters
        gradient (str): with respect to the logits, in plain text
        gradient_latex (str): the same in LaTeX
        gradient_numpy (str): the same as a NumPy expression
        use_when (str): when it is the right loss
        avoid_when (list[str]): when it is not, and what is right then
        label_form (str): what its labels look like
        called_for_by (list[str]): the label kinds for which `auto` computes it
        example (CatalogueEntryExample): a request that runs
        parameters (list[Parameter]): what it takes
        stability (str): why no finite logits break it
        equivalents (Equivalents): Code to paste. Its last line is the loss, or assigns it to `loss`.

            `logits`, `labels`, and where the request gives arrays for them `weights`, `pos_weight` and `class_weights` are
            the
            framework's tensors, in the request's shapes and the logits' dtype. Suggested class weights are written out;
            more
            than 20 of them are `class_weights`, too.
        same_as (list[str]): the frameworks' names for it
        sources (list[Source]): where it is described
    """

    loss_type: CatalogueEntryLossType
    title: str
    endpoint: str
    formula: str
    latex: str
    numpy: str
    gradient: str
    gradient_latex: str
    gradient_numpy: str
    use_when: str
    avoid_when: list[str]
    label_form: str
    called_for_by: list[str]
    example: CatalogueEntryExample
    parameters: list[Parameter]
    stability: str
    equivalents: Equivalents
    same_as: list[str]
    sources: list[Source]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        loss_type: str = self.loss_type

        title = self.title

        endpoint = self.endpoint

        formula = self.formula

        latex = self.latex

        numpy = self.numpy

        gradient = self.gradient

        gradient_latex = self.gradient_latex

        gradient_numpy = self.gradient_numpy

        use_when = self.use_when

        avoid_when = self.avoid_when

        label_form = self.label_form

        called_for_by = self.called_for_by

        example = self.example.to_dict()

        parameters = []
        for parameters_item_data in self.parameters:
            parameters_item = parameters_item_data.to_dict()
            parameters.append(parameters_item)

        stability = self.stability

        equivalents = self.equivalents.to_dict()

        same_as = self.same_as

        sources = []
        for sources_item_data in self.sources:
            sources_item = sources_item_data.to_dict()
            sources.append(sources_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "loss_type": loss_type,
                "title": title,
                "endpoint": endpoint,
                "formula": formula,
                "latex": latex,
                "numpy": numpy,
                "gradient": gradient,
                "gradient_latex": gradient_latex,
                "gradient_numpy": gradient_numpy,
                "use_when": use_when,
                "avoid_when": avoid_when,
                "label_form": label_form,
                "called_for_by": called_for_by,
                "example": example,
                "parameters": parameters,
                "stability": stability,
                "equivalents": equivalents,
                "same_as": same_as,
                "sources": sources,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.catalogue_entry_example import CatalogueEntryExample  # noqa: PLC0415
        from ..models.equivalents import Equivalents  # noqa: PLC0415
        from ..models.parameter import Parameter  # noqa: PLC0415
        from ..models.source import Source  # noqa: PLC0415

        d = dict(src_dict)
        loss_type = check_catalogue_entry_loss_type(d.pop("loss_type"))

        title = d.pop("title")

        endpoint = d.pop("endpoint")

        formula = d.pop("formula")

        latex = d.pop("latex")

        numpy = d.pop("numpy")

        gradient = d.pop("gradient")

        gradient_latex = d.pop("gradient_latex")

        gradient_numpy = d.pop("gradient_numpy")

        use_when = d.pop("use_when")

        avoid_when = cast(list[str], d.pop("avoid_when"))

        label_form = d.pop("label_form")

        called_for_by = cast(list[str], d.pop("called_for_by"))

        example = CatalogueEntryExample.from_dict(d.pop("example"))

        parameters = []
        _parameters = d.pop("parameters")
        for parameters_item_data in _parameters:
            parameters_item = Parameter.from_dict(parameters_item_data)

            parameters.append(parameters_item)

        stability = d.pop("stability")

        equivalents = Equivalents.from_dict(d.pop("equivalents"))

        same_as = cast(list[str], d.pop("same_as"))

        sources = []
        _sources = d.pop("sources")
        for sources_item_data in _sources:
            sources_item = Source.from_dict(sources_item_data)

            sources.append(sources_item)

        catalogue_entry = cls(
            loss_type=loss_type,
            title=title,
            endpoint=endpoint,
            formula=formula,
            latex=latex,
            numpy=numpy,
            gradient=gradient,
            gradient_latex=gradient_latex,
            gradient_numpy=gradient_numpy,
            use_when=use_when,
            avoid_when=avoid_when,
            label_form=label_form,
            called_for_by=called_for_by,
            example=example,
            parameters=parameters,
            stability=stability,
            equivalents=equivalents,
            same_as=same_as,
            sources=sources,
        )

        catalogue_entry.additional_properties = d
        return catalogue_entry

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
