"""The service's settings, from the environment and nowhere else."""

import os
import re
import ssl
import stat
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "XENT_"
# Not a setting: the supervisor tells its workers by it.
FOLDER_VARIABLE = "_XENT_METRICS_FOLDER"
MAX_FILE_BYTES = 1024 * 1024

# What Kubernetes injects into every container of a namespace for a Service named `xent` or `xent-…`.
KUBERNETES_NAME = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)", re.ASCII
)
KUBERNETES_PORT = re.compile(r"(tcp|udp|sctp)://")


class UnfitSetting(ValueError):
    """The service can't start with this setting. The message is for the operator."""


class UnknownSetting(UnfitSetting):
    """The environment holds a XENT_ variable that is no setting."""


def _not_blank(value: object) -> object:
    """A blank path would be the current directory."""
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("blank", "name a file, or leave the variable unset")
    return value


File = Annotated[Path, BeforeValidator(_not_blank)]


def _long_enough(value: str) -> str:
    """A short prefix would be that of other programs' objects, too."""
    if value and not re.fullmatch(r"[A-Za-z0-9][\w.-]{3,63}", value, re.ASCII):
        raise PydanticCustomError(
            "prefix", "4 to 64 letters, digits, '_', '-' and '.' were expected, the first a letter or a digit"
        )
    return value


Prefix = Annotated[str, AfterValidator(_long_enough)]


class Settings(BaseSettings):
    """Each field is the environment variable XENT_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="port to listen on; 0 picks a free port")] = 8000
    uds: Annotated[
        File | None,
        Field(
            description="path of a Unix socket to listen on in place of XENT_HOST and XENT_PORT; its owner and group "
            "may connect"
        ),
    ] = None
    workers: Annotated[
        int,
        Field(ge=0, le=1024, description="number of worker processes; 0: one for each CPU core the service may use"),
    ] = 0

    max_body_bytes: Annotated[
        int,
        Field(ge=1, description="maximum size of a request body as sent, in bytes; a larger body gets 413"),
    ] = 64 * 1024 * 1024
    max_inflated_bytes: Annotated[
        int,
        Field(ge=1, description="maximum size of a request body after decompression, in bytes; a larger body gets 413"),
    ] = 64 * 1024 * 1024
    max_elements: Annotated[
        int,
        Field(
            ge=1,
            description="maximum number of elements in a request's arrays and in what is computed from them; "
            "more get 413",
        ),
    ] = 16 * 1024 * 1024
    max_rank: Annotated[
        int, Field(ge=1, le=32, description="maximum number of dimensions of an array; more get 422")
    ] = 32
    max_json_depth: Annotated[
        int,
        Field(
            ge=8,
            le=1000,
            description="maximum nesting depth of lists and objects in a JSON body; a deeper body gets 400",
        ),
    ] = 64
    max_json_values: Annotated[
        int,
        Field(
            ge=1,
            description="maximum number of values in a JSON body outside of plain lists of numbers; more get 413",
        ),
    ] = 2 * 1024 * 1024
    header_seconds: Annotated[
        float, Field(gt=0, description="seconds a client may take to send the headers of a request; then 408")
    ] = 10
    body_seconds: Annotated[
        float, Field(gt=0, description="seconds a client may take to send the body of a request; then 408")
    ] = 60
    compute_seconds: Annotated[
        float,
        Field(gt=0, description="seconds a complete request may take to be processed, waiting included; then 503"),
    ] = 30
    min_send_bytes_per_second: Annotated[
        int,
        Field(
            ge=0,
            description="minimum rate at which a client must send a request body, in bytes per second, averaged since "
            "its start, after XENT_GRACE_SECONDS; slower gets 408",
        ),
    ] = 4096
    min_read_bytes_per_second: Annotated[
        int,
        Field(
            ge=0,
            description="minimum rate at which a client must read a response, in bytes per second, averaged since its "
            "start, after XENT_GRACE_SECONDS; a slower client is disconnected",
        ),
    ] = 4096
    grace_seconds: Annotated[
        float, Field(ge=0, description="seconds before the minimum rates of sending and reading apply")
    ] = 10
    answer_seconds: Annotated[
        float,
        Field(gt=0, description="seconds a client may stop reading a response before it is disconnected"),
    ] = 60
    idle_seconds: Annotated[float, Field(gt=0, description="seconds a connection stays open between two requests")] = 30
    max_connections: Annotated[
        int,
        Field(
            ge=1,
            description="maximum number of connections to each worker; a further one closes the one idle the longest",
        ),
    ] = 1024
    max_requests_in_flight: Annotated[
        int, Field(ge=1, description="maximum number of requests in flight in each worker; further requests get 503")
    ] = 64
    max_bytes_at_gate: Annotated[
        int,
        Field(
            ge=1,
            description="maximum number of bytes of request bodies over 64 KiB that each worker accepts at once, plus "
            "one body; further requests wait up to 350 ms, then get 503",
        ),
    ] = 16 * 1024 * 1024
    max_bytes_in_flight: Annotated[
        int,
        Field(
            ge=1,
            description="maximum number of bytes of bodies, arrays and responses in flight in each worker; "
            "further requests get 503",
        ),
    ] = 512 * 1024 * 1024

    drain_seconds: Annotated[
        float,
        Field(
            ge=0,
            description="seconds after SIGTERM during which the service accepts requests and /readyz responds 503",
        ),
    ] = 5
    finish_seconds: Annotated[float, Field(ge=0, description="seconds that requests in flight then get to finish")] = 10

    api_keys: Annotated[
        SecretStr | None,
        Field(description="API keys, comma-separated; clients must send one of them. Unset: no key is required"),
    ] = None
    api_keys_file: Annotated[
        File | None,
        Field(description="file with further API keys, one per line; read again when it changes and on SIGHUP"),
    ] = None
    open_docs: Annotated[bool, Field(description="serve /, /learn, /docs and /openapi.json without a key")] = True
    open_metrics: Annotated[bool, Field(description="serve /metrics without a key")] = False
    tls_certificate_file: Annotated[
        File | None,
        Field(description="PEM file with the TLS certificate and its chain; enables HTTPS; read again on SIGHUP"),
    ] = None
    tls_key_file: Annotated[
        File | None, Field(description="PEM file with the certificate's private key; read again on SIGHUP")
    ] = None
    shared_memory: Annotated[
        Prefix,
        Field(
            description="prefix of the names of shared memory objects that clients may have read and written (Linux); "
            "empty: shared memory is off",
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Field(description="origins whose pages may send requests (CORS), comma-separated; *: any; empty: none"),
    ] = ""

    log_requests: Annotated[bool, Field(description="log a line for each request")] = True
    tracing: Annotated[
        bool,
        Field(description="export OpenTelemetry traces as the OTEL_ variables say; needs the extra `tracing`"),
    ] = False

    @field_validator("port", mode="before")
    @classmethod
    def _ignore_kubernetes(cls, value: Any) -> Any:
        """For a Service named `xent`, Kubernetes sets XENT_PORT to the URL of that Service."""
        return cls.model_fields["port"].default if _is_kubernetes_port(value) else value

    @property
    def requires_key(self) -> bool:
        """Whether clients must send a key."""
        return self.api_keys is not None or self.api_keys_file is not None

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may send requests."""
        return [part.strip() for part in self.cors_origins.split(",") if part.strip()]


# The heading above each group of settings, by the group's first field.
GROUPS = {
    "host": "Address and processes",
    "max_body_bytes": "Limits of a request",
    "header_seconds": "Timeouts",
    "max_connections": "Load shedding, for each worker",
    "drain_seconds": "Shutdown",
    "api_keys": "Access",
    "tls_certificate_file": "TLS",
    "shared_memory": "Shared memory",
    "cors_origins": "Browsers",
    "log_requests": "Logs and traces",
}


def set_variables(values: Mapping[str, str]) -> None:
    """Set these settings, for this process and its workers, in place of the environment's."""
    os.environ.update({f"{PREFIX}{name.upper()}": value for name, value in values.items()})


def read_settings() -> Settings:
    """The settings of this process. Raises UnfitSetting, and pydantic's ValidationError."""
    known = [name.upper() for name in Settings.model_fields]
    injected = kubernetes_variables()
    for variable in os.environ:
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known and variable not in injected:
            close = get_close_matches(name, known, n=1)
            there_are = ", ".join(PREFIX + each for each in known)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else f"there are {there_are}"
            raise UnknownSetting(f"{variable} is no setting of xent; {hint}")
    settings = Settings()
    if settings.tracing:
        _check_tracing()
    return settings


def kubernetes_variables() -> list[str]:
    """The XENT_ variables that Kubernetes injected for a Service. They are no settings."""
    return [
        variable
        for variable, value in os.environ.items()
        if variable.startswith(PREFIX)
        and (
            KUBERNETES_NAME.fullmatch(variable.removeprefix(PREFIX))
            or (variable.endswith("_PORT") and _is_kubernetes_port(value))
        )
    ]


def _is_kubernetes_port(value: object) -> bool:
    return isinstance(value, str) and KUBERNETES_PORT.match(value) is not None


def first_reason(error: ValidationError) -> str:
    """What is wrong with a setting, in one line, which never holds a secret."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    is_secret = Settings.model_fields[name].annotation == SecretStr | None
    found = "not shown" if is_secret else f"{first['input']!r:.80}"
    return f"{PREFIX}{name.upper()} is {found}: {first['msg']}"


def read_api_keys(settings: Settings) -> list[str]:
    """The keys of which clients must send one, as they are now. None without a setting for keys.

    Raises UnfitSetting where the file can't be read, and where a setting holds no key: to pass that over would open the
    service to everyone.
    """
    keys: list[str] = []
    if settings.api_keys is not None:
        keys += _keys_of(f"{PREFIX}API_KEYS", settings.api_keys.get_secret_value().split(","))
    if settings.api_keys_file is not None:
        variable = f"{PREFIX}API_KEYS_FILE"
        text = _read_text(variable, settings.api_keys_file)
        keys += _keys_of(f"{variable} is {settings.api_keys_file}, which", text.splitlines())
    return keys


def _keys_of(source: str, parts: Iterable[str]) -> list[str]:
    """Raises UnfitSetting."""
    # Files that were joined may hold a byte order mark anywhere.
    keys = [key for part in parts if (key := part.strip().removeprefix("\ufeff").strip())]
    if not keys:
        raise UnfitSetting(f"{source} holds no key; unset the variable if clients need none")
    for number, key in enumerate(keys, 1):
        if not key.isprintable():
            raise UnfitSetting(f"{source} holds a control character or an invisible one in key {number}")
    return keys


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS with the certificate as its files are now. None: no TLS is set. Raises UnfitSetting."""
    certificate, key = settings.tls_certificate_file, settings.tls_key_file
    for variable, file in ((f"{PREFIX}TLS_CERTIFICATE_FILE", certificate), (f"{PREFIX}TLS_KEY_FILE", key)):
        if file is not None:
            _read_text(variable, file)
    if certificate is None and key is None:
        return None
    if settings.uds is not None:
        raise UnfitSetting(f"{PREFIX}UDS is set, and so is a certificate; there is no TLS on a Unix socket")
    if certificate is None or key is None:
        there, missing = ("CERTIFICATE", "KEY") if certificate else ("KEY", "CERTIFICATE")
        raise UnfitSetting(f"{PREFIX}TLS_{there}_FILE is set, but {PREFIX}TLS_{missing}_FILE is not; https needs both")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password it would ask for one, and wait.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        reason = getattr(error, "reason", None) or str(error)
        raise UnfitSetting(
            f"{PREFIX}TLS_CERTIFICATE_FILE and {PREFIX}TLS_KEY_FILE can't be used together: "
            f"{reason.replace('_', ' ').lower()}"
        ) from None
    return context


def _read_text(variable: str, file: Path) -> str:
    """Raises UnfitSetting where the file that the setting names can't be read."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnfitSetting(f"{variable} is {file}, which is no regular file")
        if found.st_size > MAX_FILE_BYTES:
            raise UnfitSetting(f"{variable} is {file}, which has {found.st_size} bytes, more than {MAX_FILE_BYTES}")
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise UnfitSetting(f"{variable} is {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnfitSetting(f"{variable} is {file}, which is no text") from None


def _check_tracing() -> None:
    """Raises UnfitSetting where no traces would be sent."""
    if find_spec("opentelemetry.sdk") is None:
        raise UnfitSetting(f"{PREFIX}TRACING is true, but its packages are not installed: pip install 'xent[tracing]'")
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if not any(os.environ.get(endpoint) for endpoint in endpoints):
        raise UnfitSetting(f"{PREFIX}TRACING is true, but {endpoints[0]} does not say where traces are to go")


def shared_folder() -> Path | None:
    """Where the workers keep their metrics together. None: this process is the only one."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else None


def environment_of_workers(shared: Path) -> dict[str, str]:
    """This process's own environment, and the folder in which workers keep their metrics together."""
    return {**os.environ, FOLDER_VARIABLE: str(shared)}
