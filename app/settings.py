"""The service's settings, from the environment and nowhere else."""

import os
import ssl
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "XENT_"


class UnfitSetting(ValueError):
    """The service can't start with this setting. The message is for the operator."""


class UnknownSetting(UnfitSetting):
    """The environment holds a XENT_ variable that is no setting."""


class Settings(BaseSettings):
    """Each field is the environment variable XENT_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="the address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="the port to listen on; 0 takes a free one")] = 8000
    workers: Annotated[
        int, Field(ge=0, le=1024, description="how many processes answer; 0: one for each core that may be used")
    ] = 0

    max_body_bytes: Annotated[
        int,
        Field(ge=1, description="the largest request body accepted, in bytes as sent; a larger one is answered 413"),
    ] = 64 * 1024 * 1024
    max_inflated_bytes: Annotated[
        int, Field(ge=1, description="the same for a compressed body, in bytes of what it holds")
    ] = 64 * 1024 * 1024
    max_elements: Annotated[
        int,
        Field(
            ge=1,
            description="the most elements of a request's arrays and of what is computed of them; "
            "more are answered 413",
        ),
    ] = 16 * 1024 * 1024
    max_rank: Annotated[
        int, Field(ge=1, le=32, description="the most dimensions of an array; more are answered 422")
    ] = 32
    max_json_depth: Annotated[
        int,
        Field(
            ge=8,
            le=1000,
            description="how deep lists and objects of a body may be nested, in levels; deeper is answered 400",
        ),
    ] = 64
    max_json_values: Annotated[
        int,
        Field(
            ge=1,
            description="the most values of a body that can't be read as lists of plain numbers; more are answered 413",
        ),
    ] = 2 * 1024 * 1024
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
    min_send_bytes_per_second: Annotated[
        int,
        Field(
            ge=0,
            description="how fast a request's body must come, in bytes a second from its start, but for the grace; "
            "slower is answered 408",
        ),
    ] = 4096
    min_read_bytes_per_second: Annotated[
        int,
        Field(
            ge=0,
            description="how fast a response must be read, in bytes a second from its start, but for the grace; "
            "slower is cut off",
        ),
    ] = 4096
    grace_seconds: Annotated[
        float, Field(ge=0, description="how long a client may be slower than that at first, in seconds")
    ] = 10
    answer_seconds: Annotated[
        float,
        Field(gt=0, description="how long a caller may read nothing of an answer, in seconds; then it is cut off"),
    ] = 60
    idle_seconds: Annotated[
        float, Field(gt=0, description="how long a connection stays open between two requests, in seconds")
    ] = 30
    max_connections: Annotated[
        int,
        Field(
            ge=1,
            description="how many connections each worker has at most; for a further one the idlest is closed",
        ),
    ] = 1024
    max_requests_in_flight: Annotated[
        int,
        Field(
            ge=1,
            description="how many requests, whole ones, each worker computes or has waiting for it at most; "
            "further ones are answered 503",
        ),
    ] = 64
    max_bytes_at_gate: Annotated[
        int,
        Field(
            ge=1,
            description="how many bytes of bodies over 64 KiB each worker accepts at once, and one body more; "
            "further ones wait up to 250 ms, then are answered 503",
        ),
    ] = 32 * 1024 * 1024
    max_bytes_in_flight: Annotated[
        int,
        Field(
            ge=1,
            description="how many bytes of bodies, arrays and responses each worker has in flight at most; "
            "further requests are answered 503",
        ),
    ] = 512 * 1024 * 1024

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
        Path | None, Field(description="a file with further keys, one in a line; read when a worker starts")
    ] = None
    open_docs: Annotated[bool, Field(description="/docs and /openapi.json need no key")] = True
    open_metrics: Annotated[bool, Field(description="/metrics needs no key")] = False
    tls_certificate_file: Annotated[
        Path | None, Field(description="a PEM file with the certificate and its chain; with it, https is spoken")
    ] = None
    tls_key_file: Annotated[Path | None, Field(description="a PEM file with the certificate's private key")] = None
    cors_origins: Annotated[
        str,
        Field(description="the origins whose pages may call, comma-separated; *: any; none: no page of another origin"),
    ] = ""

    log_requests: Annotated[bool, Field(description="write a line for each request")] = True
    tracing: Annotated[
        bool, Field(description="send OpenTelemetry traces to where the OTEL_ variables say; needs the extra `tracing`")
    ] = False

    @property
    def keys(self) -> list[str]:
        """The keys of which callers must send one; none: all may call."""
        of_file = self.api_keys_file.read_text().splitlines() if self.api_keys_file else []
        return _parts(self.api_keys.get_secret_value()) + [line.strip() for line in of_file if line.strip()]

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may call."""
        return _parts(self.cors_origins)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def shared_folder() -> Path | None:
    """Where the workers keep what they count together; none: this process is the only one."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def environment_of_workers(shared: Path) -> dict[str, str]:
    """This process' own environment, and the folder in which workers keep what they count together."""
    return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared)}


def read_settings() -> Settings:
    """The settings of this process. Raises UnfitSetting, and pydantic's ValidationError."""
    known = [name.upper() for name in Settings.model_fields]
    for variable in os.environ:
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            there_are = ", ".join(PREFIX + each for each in known)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else f"there are {there_are}"
            raise UnknownSetting(f"{variable} is no setting of xent; {hint}")
    settings = Settings()
    _check_files(settings)
    if settings.tracing:
        _check_tracing()
    return settings


def first_reason(error: ValidationError) -> str:
    """What is wrong with a setting, in one line, which never holds a secret."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    found = "not shown" if Settings.model_fields[name].annotation is SecretStr else f"{first['input']!r:.80}"
    return f"{PREFIX}{name.upper()} is {found}: {first['msg']}"


def _check_tracing() -> None:
    """Raises UnfitSetting where no traces would be sent."""
    if find_spec("opentelemetry.sdk") is None:
        raise UnfitSetting(f"{PREFIX}TRACING is true, but its packages are not installed: pip install 'xent[tracing]'")
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if not any(os.environ.get(endpoint) for endpoint in endpoints):
        raise UnfitSetting(f"{PREFIX}TRACING is true, but {endpoints[0]} does not say where traces are to go")


def _check_files(settings: Settings) -> None:
    """Raises UnfitSetting where a file that a setting names is of no use."""
    files = {
        f"{PREFIX}{field.upper()}": file
        for field in ("api_keys_file", "tls_certificate_file", "tls_key_file")
        if (file := getattr(settings, field)) is not None
    }
    for variable, file in files.items():
        try:
            file.read_text()
        except OSError as error:
            raise UnfitSetting(f"{variable} is {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UnfitSetting(f"{variable} is {file}, which is no text") from None
    certificate, key = settings.tls_certificate_file, settings.tls_key_file
    if (certificate is None) != (key is None):
        there, missing = ("CERTIFICATE", "KEY") if certificate else ("KEY", "CERTIFICATE")
        raise UnfitSetting(f"{PREFIX}TLS_{there}_FILE is set, but {PREFIX}TLS_{missing}_FILE is not; https needs both")
    if certificate and key:
        try:
            # Without a password it would ask for one, and wait.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        except ssl.SSLError as error:
            reason = (error.reason or str(error)).replace("_", " ").lower()
            raise UnfitSetting(
                f"{PREFIX}TLS_CERTIFICATE_FILE and {PREFIX}TLS_KEY_FILE can't be used together: {reason}"
            ) from None
