"""The settings: one frozen object, made once from flags, the environment, a TOML file and the defaults, in that order.

Each setting has one name in three spellings: ``s3_bucket`` in the file, ``DAVGALLERY_S3_BUCKET`` in the environment,
``--s3-bucket`` as a flag of ``serve``. Secrets have no flag, since every user of a machine sees its command lines;
each can also come from a file that ``DAVGALLERY_<NAME>_FILE`` names.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
import textwrap
import tomllib
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, cast
from urllib.parse import unquote, urlsplit

import tzlocal
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from config.sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

PREFIX = "DAVGALLERY_"
FILE_NAME = "davgallery.toml"
INSTANCE = f"{PREFIX}INHERITED_INSTANCE"
"""The variable that tells workers which run of the server they belong to."""
_NOT_SETTINGS = frozenset({f"{PREFIX}VENV", INSTANCE})
"""What tells the launcher where Python packages are, and workers whose they are."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting is wrong. The message is one sentence that names it, says where it stands and what it must be."""


def _networks(value: object) -> object:
    """Split "10.0.0.0/8, ::1" and read its parts."""
    parts = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    try:
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts if part != "")
    except ValueError:
        raise ValueError("must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas") from None


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _readable_file(path: Path) -> Path:
    path = _absolute(path)
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ValueError(f"must name a file that can be read ({error.strerror})") from None


def _web_address(text: str) -> str:
    """Check an http(s) address and drop the slash at its end."""
    try:
        parts = urlsplit(text)
        plain = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        plain = False
    if not plain or parts.query or parts.fragment or "@" in parts.netloc or re.search(r"[\s\x00-\x1f<>\"]", text):
        raise ValueError("must be an address such as https://photos.example.org")
    return text.rstrip("/")


def _origin(text: str) -> str:
    """Check a web address that has no path: what the S3 signature covers begins at the root."""
    address = _web_address(text)
    if urlsplit(address).path:
        raise ValueError("must be an address without a path, such as http://127.0.0.1:9000")
    return address


def _bucket(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise ValueError("must be a bucket name: 3 to 63 lower-case letters, digits, dots and hyphens")
    return name


def _location(path: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]/?", path):
        raise ValueError("must be the path of an nginx location such as /_store/")
    return path.rstrip("/") + "/"


def _database(url: SecretStr) -> SecretStr:
    """Check a database's address; PostgreSQL's usual spellings all mean the psycopg driver."""
    wanted = "must be an address such as postgresql://user:password@host/name or sqlite:////folder/catalogue.db"
    try:
        parsed = make_url(url.get_secret_value())
    except ArgumentError:
        raise ValueError(wanted) from None
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"} and parsed.database:
        parsed = parsed.set(drivername="postgresql+psycopg")
    elif parsed.drivername in {"sqlite", "sqlite+pysqlite"} and parsed.database not in {None, "", ":memory:"}:
        parsed = parsed.set(drivername="sqlite", database=str(_absolute(Path(str(parsed.database)))))
    else:
        raise ValueError(wanted)
    return SecretStr(parsed.render_as_string(hide_password=False))


def _broker(url: SecretStr) -> SecretStr:
    """Check the address of a message broker."""
    try:
        parts = urlsplit(url.get_secret_value())
        named = parts.scheme in {"redis", "rediss", "amqp", "amqps"} and parts.hostname and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ValueError("must be an address such as redis://:password@host:6379/0 or amqp://user:password@host//")
    return url


def _workers() -> int:
    return len(os.sched_getaffinity(0)) + 1


def _indexers(others: dict[str, Any]) -> int:
    return 0 if others.get("broker_url") else min(4, len(os.sched_getaffinity(0)))


def _local_zone() -> str:
    name = tzlocal.get_localzone_name()
    return name if name in zoneinfo.available_timezones() else "UTC"


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError("must be the name of a time zone such as Europe/Berlin or UTC")
    return name


Size = Annotated[int, BeforeValidator(parse_size)]
Networks = Annotated[
    tuple[Network, ...], NoDecode, BeforeValidator(_networks), PlainSerializer(lambda nets: [str(net) for net in nets])
]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
ReadableFile = Annotated[Path, AfterValidator(_readable_file)]


class S3(NamedTuple):
    """Where an S3 service is and how to sign in to it."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    region: str


class Settings(BaseSettings):
    """Everything that can be set. The descriptions are the documentation: the example file and --help print them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    config: AbsolutePath | None = Field(
        default=None,
        description=f"The settings file (TOML). The default is {FILE_NAME} in the data folder, if it is there.",
    )
    data: AbsolutePath = Field(
        default=Path("data"),
        validate_default=True,
        description="The folder of everything that this server keeps: the catalogue, and the photos where no S3 store"
        " is set. Made when it is missing, readable by its owner only.",
        examples=["data"],
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address to listen on. The default reaches this computer only; 0.0.0.0 opens it to the network,"
        " where passwords should travel over TLS: set tls_cert, or put a proxy with TLS in front.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(
        default_factory=_workers,
        ge=1,
        le=256,
        description="Server processes. The default is one a core and one more.",
        examples=[5],
    )
    broker_url: Annotated[SecretStr, AfterValidator(_broker)] | None = Field(
        default=None,
        description="The message broker (Redis or RabbitMQ) that tells “davgallery worker” on any number of machines"
        " that there are files to index. Without it, the server's own processes index.",
        examples=["redis://:password@localhost:6379/0"],
    )
    indexers: int = Field(
        default_factory=_indexers,
        ge=0,
        le=64,
        description="Processes that find metadata and make thumbnails. The default is one a core, four at most, and"
        " none with a broker_url; 0 for none, where other machines do it.",
        examples=[2],
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default_factory=_local_zone,
        description="The time zone of photographs whose files tell an instant but no zone (IANA name). The default is"
        " this computer's.",
        examples=["Europe/Berlin"],
    )
    stop_seconds: int = Field(
        default=30,
        ge=0,
        le=3600,
        description="Seconds that running requests may take to end when the server stops or its processes are replaced."
        " An upload that is not done then is cut and leaves nothing.",
    )
    public_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        default=None,
        description="The address that people use, where a proxy stands in front. Pages show it; without it they show"
        " the address of the request.",
        examples=["https://photos.example.org"],
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Proxies whose X-Forwarded-For, -Proto, -Host and -Prefix are believed, and which must set or clear"
        " them: addresses or networks.",
        examples=[["127.0.0.1", "10.0.0.0/8"]],
    )
    accel: Annotated[str, AfterValidator(_location)] | None = Field(
        default=None,
        description="The internal nginx location that sends files straight from the S3 store (X-Accel-Redirect). Only"
        " behind the nginx of docker/nginx.conf.",
        examples=["/_store/"],
    )
    tls_cert: ReadableFile | None = Field(
        default=None,
        description="A certificate with its chain (PEM), to serve HTTPS without a proxy. Needs tls_key.",
        examples=["/etc/letsencrypt/live/photos.example.org/fullchain.pem"],
    )
    tls_key: ReadableFile | None = Field(
        default=None,
        description="Its private key (PEM).",
        examples=["/etc/letsencrypt/live/photos.example.org/privkey.pem"],
    )
    database_url: Annotated[SecretStr, AfterValidator(_database)] | None = Field(
        default=None,
        description="The catalogue's database: PostgreSQL where several machines serve one library. The default is"
        " SQLite in the data folder.",
        examples=["postgresql://davgallery:password@localhost/davgallery"],
    )
    s3_endpoint: Annotated[str, AfterValidator(_origin)] | None = Field(
        default=None,
        description="The S3 service that holds the photos, such as MinIO. Without it they lie in the data folder.",
        examples=["http://127.0.0.1:9000"],
    )
    s3_bucket: Annotated[str, AfterValidator(_bucket)] | None = Field(
        default=None, description="The bucket; made when it is missing.", examples=["photos"]
    )
    s3_region: str = Field(default="us-east-1", min_length=1, description="The region that requests are signed for.")
    s3_access_key: SecretStr | None = Field(
        default=None, min_length=1, description="Who signs in to the S3 service.", examples=["davgallery"]
    )
    s3_secret_key: SecretStr | None = Field(
        default=None, min_length=1, description="Its secret.", examples=["a long random text"]
    )
    default_quota: Size = Field(
        default=15_000_000_000,
        description="The quota of a new space. GB are 1,000,000,000 bytes, GiB 1,073,741,824.",
        examples=["15GB"],
    )
    reserve: Size = Field(
        default=1_000_000_000,
        description="Free disk space that uploads may not touch, where the photos lie in the data folder.",
        examples=["1GB"],
    )
    trash_days: int = Field(
        default=30, ge=1, le=3650, description="Days that deleted and replaced files can be restored, while room lasts."
    )
    admin_password: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="The password of the account admin, which the first start makes. Without it a random one is"
        " printed once.",
        examples=["at least 8 characters"],
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Who sends it as a bearer token may read /metrics. Without it only this machine itself may.",
        examples=["a long random text"],
    )
    log_format: Literal["human", "json"] = Field(
        default="human", description="Lines for people, or JSON lines: human or json."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged: debug, info, warning or error."
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            present, missing = ("tls_cert", "tls_key") if self.tls_cert else ("tls_key", "tls_cert")
            raise ValueError(f"{present} is set but {missing} is not: TLS needs both.")
        s3 = {name: getattr(self, name) for name in ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key")}
        missing_s3 = [name for name, value in s3.items() if value is None]
        if missing_s3 and len(missing_s3) < len(s3):
            present = next(name for name, value in s3.items() if value is not None)
            names = ", ".join(missing_s3[:-1]) + " and " + missing_s3[-1] if missing_s3[1:] else missing_s3[0]
            raise ValueError(f"{present} is set but {names} {'are' if missing_s3[1:] else 'is'} not.")
        return self

    @property
    def catalogue_url(self) -> URL:
        """The database's address; its text hides the password."""
        if self.database_url is not None:
            return make_url(self.database_url.get_secret_value())
        return URL.create("sqlite", database=str(self.data / "catalogue.sqlite3"))

    @property
    def s3(self) -> S3 | None:
        """The S3 service; None for the folder store."""
        if None in (self.s3_endpoint, self.s3_bucket, self.s3_access_key, self.s3_secret_key):
            return None
        access_key, secret_key = cast("SecretStr", self.s3_access_key), cast("SecretStr", self.s3_secret_key)
        return S3(
            endpoint=str(self.s3_endpoint),
            bucket=str(self.s3_bucket),
            access_key=access_key.get_secret_value(),
            secret_key=secret_key.get_secret_value(),
            region=self.s3_region,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value in use, for the log's filter. An access key is a name, often an ordinary word."""
        given = (self.admin_password, self.s3_secret_key, self.metrics_token, self.database_url, self.broker_url)
        secrets = [value.get_secret_value() for value in given if value is not None]
        broker = self.broker_url and urlsplit(self.broker_url.get_secret_value()).password
        passwords = (self.catalogue_url.password, broker and unquote(broker))
        return *secrets, *(password for password in passwords if password)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, the environment, files of secrets, the settings file: the first that names a setting wins."""
        del dotenv_settings, file_secret_settings  # .env files belong to the shell and to Docker
        file = InitSettingsSource(settings_cls, _read_file(init_settings()))
        return init_settings, env_settings, InitSettingsSource(settings_cls, _read_secret_files()), file


SECRETS = tuple(name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation))
"""The settings that never appear in a flag, a log or a listing."""


def load(flags: Mapping[str, Any]) -> Settings:
    """Return the settings; ``flags`` are those of the command line, None where one was not given.

    Raises SettingsError for the first thing that is wrong.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    _refuse_unknown_variables()
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_sentence(error, given)) from None


def example() -> str:
    """Return the text of docs/davgallery.example.toml: every setting, explained, commented out, with its default."""
    lines = [
        "# The settings of davgallery. Every line is optional.",
        "#",
        f"# Read from DATA/{FILE_NAME}, or from the file that --config or {PREFIX}CONFIG names. The environment",
        f"# ({PREFIX}PORT) and flags (./davgallery serve --port) go before what stands here. Relative paths begin in",
        "# the folder where the command runs. A secret can also come from a file of its own:",
        f"# {PREFIX}S3_SECRET_KEY_FILE=/run/secrets/s3.",
    ]
    for name, field in _fields_of_the_file():
        value = field.examples[0] if field.examples else field.default
        lines += ["", *textwrap.wrap(str(field.description), 110, initial_indent="# ", subsequent_indent="# ")]
        lines.append(f"#{name} = {json.dumps(value)}")  # JSON's texts, numbers and lists are TOML's too
    return "\n".join(lines) + "\n"


def _fields_of_the_file() -> Iterator[tuple[str, FieldInfo]]:
    return ((name, field) for name, field in Settings.model_fields.items() if name != "config")


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _read_file(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the settings file says: the one that was named, or the one in the data folder if it is there."""
    named = flags.get("config") or os.environ.get(_variable("config"))
    data = flags.get("data") or os.environ.get(_variable("data")) or Settings.model_fields["data"].default
    file = _absolute(Path(named or Path(data) / FILE_NAME))
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if named:
            raise SettingsError(f"There is no settings file {file}.") from None
        return {}
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise SettingsError(f"The settings file {file} is not valid TOML: {error}.") from None
    for name in values:
        if name not in dict(_fields_of_the_file()):
            raise SettingsError(f"{name} in {file} is no setting.{_suggestion(name, dict(_fields_of_the_file()))}")
    return {"config": file, **values}


def _read_secret_files() -> dict[str, str]:
    """Return the secrets whose variable names a file, as Docker and systemd hand them over."""
    found = {}
    for name in SECRETS:
        variable = _variable(name)
        file = os.environ.get(f"{variable}_FILE")
        if not file:
            continue
        if os.environ.get(variable):
            raise SettingsError(f"{variable} and {variable}_FILE are both set: one of them is enough.")
        try:
            found[name] = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise SettingsError(f"{variable}_FILE names {file}, which cannot be read: {reason}.") from None
    return found


def _refuse_unknown_variables() -> None:
    known = {_variable(name) for name in Settings.model_fields} | {f"{_variable(name)}_FILE" for name in SECRETS}
    for variable in sorted(os.environ):
        if variable == f"{PREFIX}SERVICE_HOST":
            raise SettingsError(
                f"Kubernetes set {variable} and others for a service named davgallery: put enableServiceLinks: false"
                " into the pod, or give the service another name."
            )
        if variable.startswith(PREFIX) and variable not in known and variable not in _NOT_SETTINGS:
            raise SettingsError(f"The variable {variable} is no setting.{_suggestion(variable, known)}")


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _sentence(problem: ValidationError, flags: Mapping[str, Any]) -> str:
    """Say the first thing that is wrong as one sentence that begins where the value was written."""
    error = problem.errors()[0]
    if not error["loc"]:
        return str(error["ctx"]["error"])
    name = str(error["loc"][0])
    if name in flags:
        place = "--" + name.replace("_", "-")
    elif os.environ.get(_variable(name)):
        place = _variable(name)
    elif name in SECRETS and os.environ.get(f"{_variable(name)}_FILE"):
        place = f"The text in the file of {_variable(name)}_FILE"
    else:
        place = f"{name} in {_read_file(flags)['config']}"
    value = "" if name in SECRETS else f", not {error['input']!r}"
    return f"{place} {_demand(error)}{value}."


def _demand(error: ErrorDetails) -> str:
    """Say what the value must be."""
    limits = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(limits["error"])
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return "must be a whole number"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}"
        case "less_than_equal":
            return f"must be at most {limits['le']}"
        case "literal_error":
            return f"must be {limits['expected']}"
        case "string_too_short" | "too_short":
            fewest = limits["min_length"]
            return "must not be empty" if fewest == 1 else f"must have at least {fewest} characters"
    return "must be text"
