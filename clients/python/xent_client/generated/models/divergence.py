from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.divergence_figures import DivergenceFigures


T = TypeVar("T", bound="Divergence")


@_attrs_define
class Divergence:
    """How far the predicted distributions are apart: p the first's, q the other's.

    Attributes:
        kl (DivergenceFigures): A divergence over the samples that count, each counted once, in nats.
        reverse_kl (DivergenceFigures): A divergence over the samples that count, each counted once, in nats.
        jensen_shannon (DivergenceFigures): A divergence over the samples that count, each counted once, in nats.
    """

    kl: DivergenceFigures
    reverse_kl: DivergenceFigures
    jensen_shannon: DivergenceFigures
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kl = self.kl.to_dict()

        reverse_kl = self.reverse_kl.to_dict()

        jensen_shannon = self.jensen_shannon.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kl": kl,
                "reverse_kl": reverse_kl,
                "jensen_shannon": jensen_shannon,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.divergence_figures import DivergenceFigures  # noqa: PLC0415

        d = dict(src_dict)
        kl = DivergenceFigures.from_dict(d.pop("kl"))

        reverse_kl = DivergenceFigures.from_dict(d.pop("reverse_kl"))

        jensen_shannon = DivergenceFigures.from_dict(d.pop("jensen_shannon"))

        divergence = cls(
            kl=kl,
            reverse_kl=reverse_kl,
            jensen_shannon=jensen_shannon,
        )

        divergence.additional_properties = d
        return divergence

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
