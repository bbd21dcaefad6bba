"""Settings: defaults < `kobunko.toml` in the home (or KOBUNKO_CONFIG) < environment `KOBUNKO__…` < flags.

Nothing here changes what a document becomes; that is what stage parameters are for. Secrets come only from the
environment.
"""

import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from kobunko.errors import UsageError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CrawlSettings(_Section):
    """How this installation presents itself to the sites that it asks."""

    contact: str = ""  # an address or URL that a site's operator can write to; part of the user agent
    proxy: str = ""  # forward proxy for all requests, e.g. http://127.0.0.1:3128
    timeout_s: float = 60
    max_bytes: int = 512 << 20  # of one answer
    retries: int = 2
    allow_private: bool = False  # let requests go to loopback and private addresses (test hosts)
    edinet_key: SecretStr = SecretStr("")  # KOBUNKO__CRAWL__EDINET_KEY


class RunSettings(_Section):
    """How the stages run."""

    engine: Literal["processes", "inline"] = "processes"
    workers: int = 0  # 0: one per core
    flush_s: float = 10  # a side-car file is written at least this often
    flush_rows: int = 500
    quarantine_share: float = 0.2  # more errors than this in one stage end the command with exit code 3


class ReleaseSettings(_Section):
    """Who publishes the releases of this installation."""

    processor: str = "Kobunko"  # named in attribution lines as the one who edited
    repository: str = ""  # Hub repository or URL that the card names
    removal_contact: str = ""


class WebSettings(_Section):
    """The web service. It reads only; TLS and names belong to a proxy in front of it."""

    host: str = "127.0.0.1"
    port: int = 8080
    requests_per_minute: int = 300  # from one address; 0 is no limit
    body_bytes: int = 256 << 10  # of one request
    body_s: float = 10  # in which a request's body must have come
    connections: int = 500  # at once; more are answered 503
    cors: tuple[str, ...] = ()  # origins that scripts of other sites may ask from
    open_requests: int = 1000  # removal requests that wait for review; more are refused


class Settings(BaseSettings):
    """All settings of one home."""

    model_config = SettingsConfigDict(
        env_prefix="KOBUNKO__",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    home: Path = Path()
    catalogue: str = ""  # SQLAlchemy URL; empty: SQLite in the home
    seeds: Path | None = None  # folder of seed files; none: the built-in ones
    crawl: CrawlSettings = CrawlSettings()
    run: RunSettings = RunSettings()
    release: ReleaseSettings = ReleaseSettings()
    web: WebSettings = WebSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file)

    @property
    def catalogue_url(self) -> str:
        return self.catalogue or f"sqlite:///{self.home / 'catalogue.sqlite'}"

    @property
    def raw(self) -> Path:
        return self.home / "raw"

    @property
    def stages(self) -> Path:
        return self.home / "stages"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def requests(self) -> Path:
        return self.home / "requests"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @cached_property
    def workers(self) -> int:
        return self.run.workers or len(os.sched_getaffinity(0))


_config_file: Path | None = None


def load_settings(home: Path | None = None, **flags: Any) -> Settings:
    """Settings of a home: the flag, else KOBUNKO_HOME, else the user's data folder."""
    global _config_file
    home = (home or Path(os.environ.get("KOBUNKO_HOME") or user_data_path("kobunko"))).expanduser().absolute()
    named = os.environ.get("KOBUNKO_CONFIG")
    _config_file = Path(named) if named else home / "kobunko.toml"
    if named and not _config_file.is_file():
        raise UsageError(f"KOBUNKO_CONFIG names {named}, which is not a file: correct it or unset it.")
    try:
        return Settings(home=home, **flags)
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"settings are not valid ({_config_file} or KOBUNKO__… in the environment): {error}"
        ) from error
