"""The service's settings, from the environment and nowhere else."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "XENT_"


class UnknownSetting(ValueError):
    """The environment holds a XENT_ variable that is no setting. The message is for the operator."""


class Settings(BaseSettings):
    """Each field is the environment variable XENT_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="the address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="the port to listen on; 0 takes a free one")] = 8000
    workers: Annotated[
        int, Field(ge=0, le=1024, description="how many processes answer; 0: one for each core that may be used")
    ] = 0

    max_body_bytes: Annotated[
        int, Field(ge=1, description="the largest request body accepted, in bytes as sent; a larger one is answered 413")
    ] = 64 * 1024 * 1024
    max_inflated_bytes: Annotated[
        int, Field(ge=1, description="the same for a compressed body, in bytes of what it holds")
    ] = 64 * 1024 * 1024
    max_elements: Annotated[
        int,
        Field(
            ge=1,
            description="the most elements of an array, be it sent or computed on the way; more are answered 413",
        ),
    ] = 32 * 1024 * 1024
    max_rank: Annotated[
        int, Field(ge=1, le=64, description="the most dimensions of an array; more are answered 422")
    ] = 32
    max_json_depth: Annotated[
        int, Field(ge=4, le=1000, description="how deep lists and objects of a body may be nested, in levels; deeper is answered 400")
    ] = 64
    header_seconds: Annotated[
        float, Field(gt=0, description="how long a request's headers may take to come, in seconds; then 408")
    ] = 10
    body_seconds: Annotated[
        float, Field(gt=0, description="how long a request's body may take to come, in seconds; then 408")
    ] = 60
    compute_seconds: Annotated[
        float,
        Field(gt=0, description="how long a request may wait and be worked on once it is there, in seconds; then 503"),
    ] = 30
    answer_seconds: Annotated[
        float,
        Field(gt=0, description="how long a caller may read nothing of an answer, in seconds; then it is cut off"),
    ] = 60
    idle_seconds: Annotated[
        float, Field(gt=0, description="how long a connection stays open between two requests, in seconds")
    ] = 30
    max_requests_in_flight: Annotated[
        int, Field(ge=1, description="how many requests each worker has in hand at most; further ones are answered 503")
    ] = 64
    max_bytes_in_flight: Annotated[
        int, Field(ge=1, description="how many bytes of bodies each worker has in hand at most; further ones are answered 503")
    ] = 256 * 1024 * 1024

    drain_seconds: Annotated[
        float,
        Field(
            ge=0,
            description="after SIGTERM, how long requests are still taken while /readyz answers 503, in seconds",
        ),
    ] = 5
    finish_seconds: Annotated[
        float, Field(ge=0, description="how long requests in flight may then take to finish, in seconds")
    ] = 10

    api_keys: Annotated[
        SecretStr, Field(description="the keys of which callers must send one, comma-separated; none: all may call")
    ] = SecretStr("")
    api_keys_file: Annotated[
        Path | None, Field(description="a file with further keys, one in a line; read at the start")
    ] = None
    open_docs: Annotated[bool, Field(description="/docs and /openapi.json need no key")] = True
    open_metrics: Annotated[bool, Field(description="/metrics needs no key")] = False
    tls_certificate_file: Annotated[
        Path | None, Field(description="a PEM file with the certificate and its chain; with it, https is spoken")
    ] = None
    tls_key_file: Annotated[Path | None, Field(description="a PEM file with the certificate's private key")] = None
    cors_origins: Annotated[
        str, Field(description="the origins whose pages may call, comma-separated; *: any; none: no page of another origin")
    ] = ""

    log_requests: Annotated[bool, Field(description="write a line for each request")] = True
    tracing: Annotated[
        bool, Field(description="send OpenTelemetry traces to where the OTEL_ variables say; needs the extra `tracing`")
    ] = False


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
