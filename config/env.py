"""Everything that can be configured, read from the environment and checked once, at start."""

import difflib
import ipaddress
import os
import secrets
import sys
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.database import database, is_embedded
from config.keys import check_ed25519, stored_key
from config.mail import checked_sender, checked_server

BASE_DIR = Path(__file__).resolve().parent.parent
PREFIX = "PLIMSOLL_"


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _directory(value: Path) -> Path:
    return (BASE_DIR / value.expanduser()).resolve()


def _network(value: str) -> str:
    looks_like_an_address = ":" in value or "/" in value or value.replace(".", "").isdigit()
    return str(ipaddress.ip_network(value, strict=False)) if looks_like_an_address else value.lower()


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("this is not the address of a site")
    return value.rstrip("/")


def _source(value: str) -> str:
    parts = urlsplit(value)
    if "://" not in value:
        return str(_directory(Path(value))) if value else ""
    if parts.username or parts.password:
        raise ValueError("it has a user name or a password, and advisories are read without")
    return value


Words = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Directory = Annotated[Path, AfterValidator(_directory)]
Ed25519 = Annotated[str, AfterValidator(check_ed25519)]


class Environment(BaseSettings):
    """The configuration. Each description completes the sentence "Set it to ..."."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", validate_default=True, frozen=True
    )

    port: int = Field(8000, ge=1, le=65535, validation_alias="PORT", description="a port from 1 to 65535, such as 8000")
    data: Directory = Field(Path("data"), description="a directory that this user may write to")
    database_url: str = Field(
        "",
        validation_alias="DATABASE_URL",
        description="postgresql://user:password@host/name or sqlite:////path/to/file",
    )
    redis_url: str = Field(
        "",
        validation_alias="REDIS_URL",
        pattern="^$|^(redis|rediss|redis\\+socket|unix)://",
        description="redis://host:6379/0, or leave it out to queue in files",
    )

    secret_key: str = Field(
        "", min_length=50, repr=False, description="50 random characters or more, kept secret; see .env.example"
    )
    secret_key_fallbacks: Words = Field([], repr=False, description="former secret keys that still verify sessions")
    field_keys: Words = Field(
        [], min_length=1, repr=False, description="one or more Fernet keys, the newest first; see .env.example"
    )
    signing_key: Ed25519 = Field("", repr=False, description="32 random bytes in base64, kept secret; see .env.example")
    former_signers: Annotated[list[Ed25519], NoDecode, BeforeValidator(_split)] = Field(
        [], description="public keys of former signing keys, whose signatures stay valid"
    )
    base_url: Annotated[str, AfterValidator(_origin)] = Field(
        "http://127.0.0.1:8000", description="the address people open, such as https://plimsoll.example.org"
    )
    allowed_hosts: Words = Field(
        [], description="host names that requests may name, besides the one of PLIMSOLL_BASE_URL"
    )
    trusted_proxies: int = Field(
        0, ge=0, le=9, description="the number of proxies in front that set X-Forwarded-For and X-Forwarded-Proto"
    )
    bind: IPv4Address = Field(
        IPv4Address("127.0.0.1"), description="the address to listen on, such as 127.0.0.1 or 0.0.0.0"
    )
    debug: bool = Field(False, description="true or false")

    local_roots: Annotated[list[Directory], NoDecode, BeforeValidator(_split)] = Field(
        [], description="directories below which local repositories may be registered"
    )
    allowed_schemes: Annotated[list[Literal["https", "http", "ssh"]], NoDecode, BeforeValidator(_split)] = Field(
        ["https"], description="schemes that repository URLs may have: https, http, ssh"
    )
    allowed_private: Annotated[list[Annotated[str, AfterValidator(_network)]], NoDecode, BeforeValidator(_split)] = (
        Field(
            [],
            description="hosts or networks that may be fetched from although they are not public, such as 10.1.0.0/16",
        )
    )

    smtp_url: Annotated[str, AfterValidator(checked_server)] = Field(
        "", repr=False, description="smtp://user:password@host:587 or smtps://..., or leave it out to send no mail"
    )
    mail_from: Annotated[str, AfterValidator(checked_sender)] = Field(
        "", description="the sender of mails, such as Plimsoll <plimsoll@example.org>"
    )

    lease_seconds: PositiveFloat = Field(60, description="seconds after which a silent worker loses its scan")
    heartbeat_seconds: PositiveFloat = Field(10, description="seconds between two signs of life, at most half a lease")
    requeue_seconds: PositiveFloat = Field(
        5, description="seconds between two looks for scans to start or to start again"
    )
    scan_seconds: PositiveFloat = Field(900, description="seconds that one scan may take")
    max_attempts: PositiveInt = Field(3, description="the number of tries that a scan gets when its workers die")
    scan_concurrency: PositiveInt = Field(2, description="the number of scans one worker runs at a time")
    poll_seconds: NonNegativeFloat = Field(
        900, description="seconds between two looks at the head of a branch, or 0 to rely on webhooks alone"
    )
    poll_concurrency: PositiveInt = Field(2, description="the number of looks at servers that may run at a time")
    advisories: Annotated[str, AfterValidator(_source)] = Field(
        "",
        description="a folder, an archive or the URL of a git mirror of OSV's records for PyPI, or leave it out",
    )
    advisories_seconds: PositiveFloat = Field(86400, description="seconds between two readings of PLIMSOLL_ADVISORIES")
    advisories_max_age_days: PositiveInt = Field(
        14, description="days after which advisories no longer prove that a dependency is free of known faults"
    )
    statement_seconds: PositiveFloat = Field(30, description="seconds that one PostgreSQL statement may take")
    stop_seconds: PositiveFloat = Field(10, description="seconds that each service gets to stop by itself")
    web_processes: PositiveInt = Field(2, description="the number of web processes")
    web_threads: PositiveInt = Field(16, description="the number of threads in each web process")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["json", "console"] = Field("console", description="json or console")
    error_dsn: str = Field(
        "",
        repr=False,
        pattern=r"^$|^https?://[^@/]+@[^/]+/.+",
        description="the DSN of a Sentry or GlitchTip project, or leave it out to report errors in the log only",
    )

    @field_validator("data", mode="after")
    @classmethod
    def _make_data_directory(cls, value: Path) -> Path:
        try:
            value.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{value} cannot be made ({error.strerror})") from error
        if not os.access(value, os.W_OK | os.X_OK):
            raise ValueError(f"{value} cannot be written to")
        return value

    @field_validator("database_url", mode="after")
    @classmethod
    def _parse_database(cls, value: str, info: ValidationInfo) -> str:
        if not value and "data" in info.data:
            value = f"sqlite:///{info.data['data'] / 'plimsoll.sqlite3'}"
        database(value)
        return value

    @field_validator("secret_key", mode="before")
    @classmethod
    def _default_secret_key(cls, value: str, info: ValidationInfo) -> str:
        return value or _own_key(info, "secret.key", secrets.token_urlsafe(50))

    @field_validator("field_keys", mode="before")
    @classmethod
    def _default_field_keys(cls, value: str | list[str], info: ValidationInfo) -> str | list[str]:
        return value or [_own_key(info, "field.key", Fernet.generate_key().decode())]

    @field_validator("signing_key", mode="before")
    @classmethod
    def _default_signing_key(cls, value: str, info: ValidationInfo) -> str:
        return value or _own_key(info, "signing.key", Fernet.generate_key().decode())

    @field_validator("field_keys", mode="after")
    @classmethod
    def _are_fernet_keys(cls, value: list[str]) -> list[str]:
        for key in value:
            Fernet(key)
        return value

    @field_validator("base_url", mode="before")
    @classmethod
    def _default_base_url(cls, value: str, info: ValidationInfo) -> str:
        default = cls.model_fields["base_url"].default
        return f"http://127.0.0.1:{info.data['port']}" if value == default and "port" in info.data else value

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _tls_ends_at_a_proxy(cls, value: int, info: ValidationInfo) -> int:
        if value == 0 and info.data.get("base_url", "").startswith("https:"):
            raise ValueError("PLIMSOLL_BASE_URL is https, so a proxy must end TLS in front")
        return value

    @field_validator("debug", mode="after")
    @classmethod
    def _debug_stays_local(cls, value: bool, info: ValidationInfo) -> bool:
        local = urlsplit(info.data.get("base_url", "")).hostname in ("127.0.0.1", "localhost", "::1")
        if value and not local:
            raise ValueError("debug pages show secrets and PLIMSOLL_BASE_URL is public, so it must be false")
        return value

    @field_validator("local_roots", mode="before")
    @classmethod
    def _default_local_roots(cls, value: Any, info: ValidationInfo) -> Any:
        return value or [info.data["data"] / "demo"] if "data" in info.data else []

    @field_validator("heartbeat_seconds", mode="after")
    @classmethod
    def _beats_within_the_lease(cls, value: float, info: ValidationInfo) -> float:
        if value * 2 > info.data.get("lease_seconds", value * 2):
            raise ValueError("it is more than half of PLIMSOLL_LEASE_SECONDS, so one late beat would lose the scan")
        return value


def _own_key(info: ValidationInfo, file_name: str, fresh: str) -> str:
    """The key that the embedded default keeps in the data directory. Raises ValueError with any other database."""
    if "data" not in info.data or not is_embedded(info.data.get("database_url", "")):
        raise ValueError("it is required with this DATABASE_URL")
    return stored_key(info.data["data"] / file_name, fresh)


def variables() -> dict[str, str]:
    """The variable's name -> the field's name, for everything that can be configured."""
    fields = Environment.model_fields.items()
    return {str(field.validation_alias or PREFIX + name.upper()): name for name, field in fields}


def unknown(environ: Mapping[str, str]) -> list[str]:
    """One line for each variable in `environ` that has the prefix and is not known."""
    known = list(variables())
    return [
        f"{name} is not a known variable and has no effect{_nearest(name, known)}"
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known
    ]


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else "."


def problems(error: ValidationError) -> list[str]:
    """One line for each bad value: the variable, what is wrong and what to do. Values are never shown."""
    names = {field: name for name, field in variables().items()}
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        place = str(problem["loc"][0])
        field = variables().get(place, place)
        what = problem["msg"].removeprefix("Value error, ").rstrip(".")
        lines.append(f"{names[field]}: {what}. Set it to {Environment.model_fields[field].description}.")
    return list(dict.fromkeys(lines))


def load() -> Environment:
    """The configuration of this process. Ends the process with code 2 and one line a problem when it is unusable."""
    _say(unknown(os.environ))
    try:
        return Environment()
    except ValidationError as error:
        _say(problems(error))
        raise SystemExit(2) from None


def _say(lines: list[str]) -> None:
    for line in lines:
        print(f"plimsoll: {line}", file=sys.stderr)
