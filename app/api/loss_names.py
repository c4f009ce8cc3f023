"""The names of losses as types: pydantic validates by them, and the OpenAPI document lists them.

They are made from the one list of losses, which mypy can't follow: for it they are strings.
"""

from typing import TYPE_CHECKING, Literal

from xent_core.losses import CATALOGUE, LOSS_TYPES

if TYPE_CHECKING:
    LossType = str
    LossTypeOrAuto = str
    CatalogueName = str
else:
    LossType = Literal[LOSS_TYPES]
    LossTypeOrAuto = Literal["auto", *LOSS_TYPES]
    CatalogueName = Literal[tuple(CATALOGUE)]
