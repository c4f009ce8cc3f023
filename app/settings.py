"""The service's settings, from the environment and nowhere else."""

import os
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "XENT_"


class UnknownSetting(ValueError):
    """The environment holds a XENT_ variable that is no setting. The message is for the operator."""


class Settings(BaseSettings):
    """Each field is the environment variable XENT_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="the address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="the port to listen on; 0 takes a free one")] = 8000
    max_body_bytes: Annotated[
        int, Field(ge=1, description="the largest request body accepted, in bytes; a larger one is answered 413")
    ] = 64 * 1024 * 1024


def read_settings() -> Settings:
    """The settings of this process. Raises UnknownSetting, and pydantic's ValidationError."""
    known = [name.upper() for name in Settings.model_fields]
    for variable in os.environ:
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            there_are = ", ".join(PREFIX + each for each in known)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else f"there are {there_are}"
            raise UnknownSetting(f"{variable} is no setting of xent; {hint}")
    return Settings()
