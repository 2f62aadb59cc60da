"""What an operator configures about the platform itself; providers describe their own settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from webkit.core.kernel.currencies import exponent, is_currency
from webkit.core.problems import Problem

_SITE = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
_PRICE = r"[a-z]{1,16} \d{1,7}(\.\d{1,4})?/\d{1,7}(\.\d{1,4})?"


class SettingsError(Exception):
    """The configuration cannot be used; `problems` lists everything that is wrong, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{p.where}: {p.problem}. {p.fix}" for p in problems))
        self.problems = problems


def _env(*names: str) -> Any:
    return AliasChoices(*names)


class Settings(BaseSettings):
    """Read once at start. Each field names the environment variables it listens to, the first one set wins."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    environment: Literal["development", "production"] = Field(
        "development",
        validation_alias=_env("WEBKIT_ENV"),
        description="development shows the styleguide and accepts plain HTTP; production insists on secure cookies.",
    )
    data: Path = Field(
        Path("data"), validation_alias=_env("WEBKIT_DATA"), description="Folder of the database, keys, files and logs."
    )
    host: str = Field("127.0.0.1", validation_alias=_env("HOST"), description="Address the web server binds to.")
    port: int = Field(8000, ge=0, le=65535, validation_alias=_env("PORT"), description="Port the web server binds to.")
    public_url: str = Field(
        "",
        validation_alias=_env("PUBLIC_URL", "ORIGIN"),
        description="Address people reach the platform at, for links in mails. Empty: http://HOST:PORT.",
    )
    database_url: str = Field(
        "",
        validation_alias=_env("DATABASE_URL"),
        description="sqlite:///… or postgresql://… as the plain role. Empty: SQLite in the data folder.",
    )
    migrations_url: str = Field(
        "",
        validation_alias=_env("DATABASE_MIGRATIONS_URL"),
        description="The same database as the role that owns the tables. Empty: DATABASE_URL.",
    )
    redis_url: str = Field(
        "",
        validation_alias=_env("REDIS_URL"),
        description="redis://… or unix://… of Redis or Valkey. Empty: the embedded Valkey.",
    )
    dns_server: str = Field(
        "",
        validation_alias=_env("WEBKIT_DNS_SERVER"),
        description="host:port of who is asked for records of agencies' domains. Empty: those of /etc/resolv.conf.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias=_env("LOG_LEVEL"), description="How much is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", validation_alias=_env("LOG_FORMAT"), description="auto: console on a terminal, JSON elsewhere."
    )
    session_ttl_seconds: int = Field(
        604_800, ge=300, validation_alias=_env("SESSION_TTL_SECONDS"), description="Seconds a sign-in lasts unused."
    )
    session_max_seconds: int = Field(
        7_776_000,
        ge=300,
        validation_alias=_env("SESSION_MAX_SECONDS"),
        description="Seconds after which a sign-in ends even if it is used every day.",
    )
    trace_days: int = Field(
        730,
        ge=30,
        le=36_500,
        validation_alias=_env("WEBKIT_TRACE_DAYS"),
        description="Days after which entries of the log and visits of the platform's people are removed.",
    )
    step_up_seconds: int = Field(
        900,
        ge=60,
        le=86_400,
        validation_alias=_env("WEBKIT_STEP_UP_SECONDS"),
        description="Seconds for which bank details, keys and the like change without showing again who one is.",
    )
    rate_per_minute: int = Field(
        60,
        ge=0,
        le=100_000,
        validation_alias=_env("WEBKIT_RATE_PER_MINUTE"),
        description="Requests a minute of one address where nobody is signed in; 0 sets no limit.",
    )
    rate_burst: int = Field(
        10, ge=1, le=10_000, validation_alias=_env("WEBKIT_RATE_BURST"), description="How many may come at once."
    )
    rate_signed_in: int = Field(
        600,
        ge=0,
        le=1_000_000,
        validation_alias=_env("WEBKIT_RATE_SIGNED_IN"),
        description="Requests a minute of one signed-in browser, a sixth of them at once; 0 sets no limit.",
    )
    rate_bearer: int = Field(
        300,
        ge=0,
        le=1_000_000,
        validation_alias=_env("WEBKIT_RATE_API"),
        description="Requests a minute of one API key, also from everywhere at once; 0 sets no limit.",
    )
    web_workers: int = Field(2, ge=1, le=64, validation_alias=_env("WEB_WORKERS"), description="Web processes.")
    web_threads: int = Field(
        128, ge=4, le=1024, validation_alias=_env("WEB_THREADS"), description="Threads of each web process."
    )
    job_lease_seconds: int = Field(
        3600,
        ge=2,
        le=86_400,
        validation_alias=_env("WEBKIT_JOB_LEASE_SECONDS"),
        description="Most seconds a job may take, whatever its kind allows; a silent one is then tried again.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        validation_alias=_env("WEBKIT_TRUSTED_PROXIES"),
        description="How many reverse proxies in front set X-Forwarded-For and -Proto; 0 believes none.",
    )
    plugins_off: Annotated[tuple[str, ...], NoDecode] = Field(
        (), validation_alias=_env("WEBKIT_PLUGINS_OFF"), description="Plugins not to load, separated by commas."
    )
    allow_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        validation_alias=_env("WEBKIT_ALLOW_HOSTS"),
        description="Exact host:port, separated by commas, that may be opened although private; not in production.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        validation_alias=_env("CORS_ORIGINS"),
        description="Sites whose pages may ask /api/ with a key of theirs: https://app.example, separated by commas.",
    )
    audits_per_day: int = Field(
        50, ge=0, le=10_000, validation_alias=_env("WEBKIT_AUDITS_PER_DAY"), description="Website audits per agency."
    )
    billing: bool = Field(
        False,
        validation_alias=_env("WEBKIT_BILLING"),
        description="1: agencies pay for tiers, whose features and limits hold. Else all of it is open to everybody.",
    )
    tier: Literal["", "free", "starter", "growth", "enterprise"] = Field(
        "",
        validation_alias=_env("WEBKIT_TIER", "AI_TIER"),
        description="Tier of agencies that were given none. Without billing it bounds AI generations a month alone. "
        "Empty: enterprise, or free with billing.",
    )
    tier_prices: str = Field(
        "AUD starter 29/290, growth 79/790, enterprise 199/1990",
        validation_alias=_env("WEBKIT_TIER_PRICES"),
        description="What tiers cost a month and a year, in one currency.",
    )
    trial_days: int = Field(
        14,
        ge=0,
        le=365,
        validation_alias=_env("WEBKIT_TRIAL_DAYS"),
        description="Days for which a new agency has the growth tier for nothing, with billing.",
    )
    grace_days: int = Field(
        14,
        ge=0,
        le=365,
        validation_alias=_env("WEBKIT_GRACE_DAYS"),
        description="Days for which a tier stays after a payment for it has failed.",
    )
    ai_runs_per_day: int = Field(
        500,
        ge=0,
        le=100_000,
        validation_alias=_env("WEBKIT_AI_RUNS_PER_DAY"),
        description="Most sections the AI writes for an agency in a day, whatever its tier; 0 switches it off.",
    )
    jwt_algorithm: Literal["EdDSA", "HS256"] = Field(
        "EdDSA",
        validation_alias=_env("JWT_ALGORITHM"),
        description="What signs access tokens of the API. `webkit tokens rotate` makes its keys.",
    )
    jwt_access_minutes: int = Field(
        15,
        ge=1,
        le=60,
        validation_alias=_env("JWT_ACCESS_TOKEN_EXPIRE_MINUTES"),
        description="Minutes for which an access token is good.",
    )
    jwt_refresh_days: int = Field(
        30,
        ge=1,
        le=90,
        validation_alias=_env("JWT_REFRESH_TOKEN_EXPIRE_DAYS"),
        description="Days for which a refresh token can be exchanged, once.",
    )
    secret_key: SecretStr | None = Field(
        None,
        validation_alias=_env("SECRET_KEY"),
        description="Signs cookies. Empty: made once in the data folder.",
    )
    mail_from: str = Field(
        "webkit@localhost",
        validation_alias=_env("EMAIL_FROM_ADDRESS", "EMAIL_FROM"),
        description="Sender address of all mail.",
    )
    mail_from_name: str = Field(
        "webkit", validation_alias=_env("EMAIL_FROM_NAME"), description="Sender name where no agency speaks."
    )
    vies_url: str = Field(
        "",
        validation_alias=_env("VIES_URL"),
        description="Register of VAT numbers. Empty: the European Commission's in production, none in development.",
    )
    demo: bool = Field(False, validation_alias=_env("DEMO"), description="1 loads the demo agency at start.")

    @field_validator("plugins_off", "allow_hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allow_hosts")
    @classmethod
    def _exceptions(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("environment") == "production":
            raise ValueError("opens private addresses and is refused in production")
        if wrong := [name for name in value if not re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", name)]:
            raise ValueError(f"{', '.join(wrong)} is not host:port")
        return tuple(name.lower() for name in value)

    @field_validator("dns_server")
    @classmethod
    def _resolver(cls, value: str) -> str:
        if value and not re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", value):
            raise ValueError("is not host:port")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in value if not _SITE.fullmatch(name)]:
            raise ValueError(f"{', '.join(wrong)} is no site like https://app.example: each is named, without a path")
        return value

    @field_validator("database_url", "migrations_url")
    @classmethod
    def _driver(cls, value: str) -> str:
        for short in ("postgres://", "postgresql://"):
            if value.startswith(short):
                return "postgresql+psycopg://" + value.removeprefix(short)
        return value

    @field_validator("database_url", "migrations_url")
    @classmethod
    def _database(cls, value: str) -> str:
        # The address itself is not repeated: it holds a password.
        if value and not re.fullmatch(r"sqlite:///.+|postgresql\+psycopg://.+", value):
            raise ValueError("is neither sqlite:///… nor postgresql://…")
        return value

    @field_validator("redis_url")
    @classmethod
    def _queue(cls, value: str) -> str:
        if value and not re.match(r"(rediss?|unix)://.", value):
            raise ValueError("is neither redis://… nor rediss://… nor unix://…")
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./~-]*)?", value):
            raise ValueError("is not an address like https://studio.example")
        return value

    @field_validator("tier_prices")
    @classmethod
    def _prices(cls, value: str) -> str:
        words = " ".join(value.split())
        if not re.fullmatch(rf"[A-Z]{{3}} {_PRICE}(, {_PRICE}){{2}}", words):
            raise ValueError("is not like AUD starter 29/290, growth 79/790, enterprise 199/1990")
        places = exponent(words[:3]) if is_currency(words[:3]) else -1
        if not words[:3].isalpha() or places < 0:
            raise ValueError(f"{words[:3]} is not a currency")
        if any(len(cents) > places for cents in re.findall(r"\.(\d+)", words)):
            raise ValueError(f"has more decimals than {words[:3]}")
        if set(re.findall(r"[a-z]+", words)) != {"starter", "growth", "enterprise"}:
            raise ValueError("has to name starter, growth and enterprise once each")
        return words

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'webkit.db'}"

    @property
    def owner_database(self) -> str:
        return self.migrations_url or self.database

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from `environ`; raises SettingsError listing every problem."""
        given = {name: environ[name] for name in environment_names() if environ.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError([_problem(e) for e in error.errors()]) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given counts: `load` passes the environment, so tests see exactly what they pass."""
        return (init_settings,)


def environment_names() -> tuple[str, ...]:
    """Every environment variable the platform itself reads."""
    return tuple(name for field in Settings.model_fields.values() for name in _names(field.validation_alias))


def _names(alias: object) -> tuple[str, ...]:
    return tuple(str(choice) for choice in alias.choices) if isinstance(alias, AliasChoices) else ()


def _problem(error: Any) -> Problem:
    where = str(error["loc"][0]) if error["loc"] else "settings"
    return Problem(where, str(error["msg"]), f"Set {where} to an accepted value or remove it.")
