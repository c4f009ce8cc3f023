"""What the operator's endpoints answer."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Answer


class Health(Answer):
    """That the service is well; where it is not, it does not answer 200."""

    status: Annotated[Literal["ok"], Field(description="the service answers")]
