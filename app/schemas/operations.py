"""What the operator's endpoints answer."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Answer


class Health(Answer):
    status: Annotated[Literal["ok"], Field(description="the service answers")]
