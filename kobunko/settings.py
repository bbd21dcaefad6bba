"""Settings: defaults < `kobunko.toml` in the home (or KOBUNKO_CONFIG) < environment `KOBUNKO__…` < flags.

Nothing here changes what a document becomes; that is what stage parameters are for. Secrets come only from the
environment.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_serializer, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from kobunko.errors import UsageError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_PASSWORD = re.compile(r"(?<=:)[^:/@]*(?=@[^@]*$)")


def shown(url: str) -> str:
    """A URL as people may see it: without the password."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{_PASSWORD.sub('***', rest)}" if mark else url


SECRETS = ("edinet_key", "estat_app_id")  # of the section `crawl`


class CrawlSettings(_Section):
    """How this installation presents itself to the sites that it asks."""

    contact: str = ""  # an address or URL that a site's operator can write to: part of the user agent, and needed
    proxy: str = ""  # forward proxy for all requests, e.g. http://127.0.0.1:3128
    timeout_s: float = 60
    max_bytes: int = 512 << 20  # of one answer
    retries: int = 2
    private_hosts: tuple[str, ...] = ()  # test hosts that may have an address of the inside, by name
    edinet_key: SecretStr = SecretStr("")  # KOBUNKO__CRAWL__EDINET_KEY
    estat_app_id: SecretStr = SecretStr("")  # KOBUNKO__CRAWL__ESTAT_APP_ID

    @field_serializer("proxy")
    def _without_password(self, proxy: str) -> str:
        return shown(proxy)

    @field_validator("private_hosts")
    @classmethod
    def _are_named(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in hosts:
            raise ValueError("private_hosts are single test hosts: name each of them")
        return hosts


class RunSettings(_Section):
    """How the stages run."""

    engine: Literal["processes", "inline", "ray"] = "processes"
    address: str = ""  # host:port of a Ray cluster; empty: a cluster of this machine
    workers: int = 0  # 0: one per core
    flush_s: float = 10  # a side-car file is written at least this often
    flush_rows: int = 500
    quarantine_share: float = 0.2  # more errors than this in one stage end the command with exit code 3
    free_gb: float = 5  # with less of the disk free `doctor` calls the machine unfit
    watts_per_core: float = 10  # of a busy core, for the estimate of energy in reports
    watts_per_gpu: float = 350  # of a busy GPU

    @property
    def worker_count(self) -> int:
        return self.workers or len(os.sched_getaffinity(0))


class NotifySettings(_Section):
    """Who is told how a night ended: each gets the report as JSON."""

    command: tuple[str, ...] = ()  # a program and its arguments; the report is its standard input
    webhook: SecretStr = SecretStr("")  # URL that the report is posted to; who knows it can post there
    timeout_s: float = 30


class OcrSettings(_Section):
    """With what page images are read. Which models read them is part of what a document becomes; the rest is not."""

    engine: str = "onnxruntime"  # onnxruntime, paddle, torch, or module:function of another recogniser
    device: str = "cpu"  # cpu, gpu:0, …
    pages: int = 1  # that go through the detector together
    lines: int = 6  # that go through the recogniser together
    recogniser: str = "japanese"  # japanese, full (Chinese and historic forms too), or a folder of PaddleX
    detector: str = ""  # folder of another model, e.g. PP-OCRv6_medium_det
    orientation: str = ""  # folder of another model
    cache: bool = True  # keep what was recognised, by image and model

    @property
    def on_gpu(self) -> bool:
        return self.device != "cpu"


class DedupSettings(_Section):
    """What duplicates are found by, and which benchmark sets documents are compared with."""

    shingles: Literal["characters", "words"] = "characters"  # five in a row; words are slower by a hundred times
    benchmarks: dict[str, tuple[Path, ...]] = {}  # files by name of the set: text or JSON lines, an item a line


class ReleaseSettings(_Section):
    """Who publishes the releases of this installation."""

    processor: str = "Kobunko"  # named in attribution lines as the one who edited
    repository: str = ""  # Hub repository or URL that the card names
    removal_contact: str = ""


class PublishSettings(_Section):
    """How patient publishing is. Tokens and keys come from HF_TOKEN, HF_ENDPOINT and the AWS variables."""

    timeout_s: float = 60  # without an answer to one call; the Hub itself gives a commit 60 s


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


class _SettingsFile(TomlConfigSettingsSource):
    """`kobunko.toml`, which people show each other and put under version control: no place for a secret."""

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        for name in SECRETS:
            if name in found.get("crawl", {}):
                variable = f"KOBUNKO__CRAWL__{name.upper()}"
                raise UsageError(f"{_config_file} holds crawl.{name}, a secret: take it out and set {variable}.")
        return found


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
    depot: str = (
        ""  # URL (s3://bucket/prefix) that holds the files of the home for several hosts; empty: they stay here
    )
    seeds: Path | None = None  # folder of seed files; none: the built-in ones
    crawl: CrawlSettings = CrawlSettings()
    run: RunSettings = RunSettings()
    notify: NotifySettings = NotifySettings()
    ocr: OcrSettings = OcrSettings()
    dedup: DedupSettings = DedupSettings()
    release: ReleaseSettings = ReleaseSettings()
    publish: PublishSettings = PublishSettings()
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
        return init_settings, env_settings, _SettingsFile(settings_cls, _config_file)

    @field_serializer("catalogue")
    def _without_password(self, catalogue: str) -> str:
        return shown(catalogue)

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
    def duplicates(self) -> Path:
        return self.home / "duplicates"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def publishing(self) -> Path:
        return self.home / "publishing"

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
    def metrics(self) -> Path:
        return self.home / "metrics"

    @property
    def logs(self) -> Path:
        return self.home / "logs"


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
