"""Settings: the order of precedence, and errors that name the place."""

from pathlib import Path

import pytest

from kobunko.errors import Busy, UsageError
from kobunko.lock import home_lock
from kobunko.seed import load_seeds
from kobunko.settings import load_settings


def test_flags_beat_environment_beats_file_beats_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kobunko.toml").write_text("[run]\nworkers = 3\nflush_s = 1\nflush_rows = 9\n")
    monkeypatch.setenv("KOBUNKO__RUN__FLUSH_S", "7")
    monkeypatch.setenv("KOBUNKO__RUN__FLUSH_ROWS", "8")
    settings = load_settings(tmp_path, run={"flush_rows": 5})
    assert (settings.run.workers, settings.run.flush_s, settings.run.flush_rows) == (3, 7.0, 5)
    assert settings.run.engine == "processes"


def test_a_wrong_key_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "kobunko.toml").write_text("[runn]\nworkers = 3\n")
    with pytest.raises(UsageError, match=r"(?s)kobunko\.toml.*runn"):
        load_settings(tmp_path)


def test_the_guard_is_off_for_named_hosts_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOBUNKO__CRAWL__PRIVATE_HOSTS", '["*"]')
    with pytest.raises(UsageError, match="name each of them"):
        load_settings(tmp_path)


def test_secrets_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOBUNKO__CRAWL__EDINET_KEY", "himitsu")
    settings = load_settings(tmp_path)
    assert "himitsu" not in repr(settings)
    assert "himitsu" not in str(settings.model_dump(mode="json"))
    (tmp_path / "kobunko.toml").write_text('[crawl]\nedinet_key = "himitsu"\n')
    with pytest.raises(UsageError, match="KOBUNKO__CRAWL__EDINET_KEY") as raised:
        load_settings(tmp_path)
    assert "himitsu" not in str(raised.value)


def test_a_second_writer_is_turned_away_and_a_dead_one_is_not_waited_for(tmp_path: Path) -> None:
    with home_lock(tmp_path), pytest.raises(Busy, match="process"), home_lock(tmp_path):
        pass
    with home_lock(tmp_path):
        assert (tmp_path / "lock").read_text().strip()


def test_a_seed_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kurashi.toml").write_text('source = "kurashi"\ndelay = 3\n')
    with pytest.raises(UsageError, match=r"kurashi\.toml"):
        load_seeds(tmp_path)


def test_the_built_in_seeds_are_valid_and_polite() -> None:
    seeds = load_seeds()
    assert {"egov_laws", "courts", "edinet"} <= set(seeds)
    for seed in seeds.values():
        assert seed.enabled or seed.reason, f"{seed.source} is switched off without a reason"
        assert not seed.enabled or seed.crawl.delay_s >= 1, f"{seed.source} asks too fast"
        assert not seed.licence.reviewed, f"{seed.source}: nobody has reviewed its terms"


def test_passwords_within_urls_are_not_shown(tmp_path: Path) -> None:
    secret = {"catalogue": "postgresql+psycopg://kobunko:himitsu@database/kobunko"}
    settings = load_settings(
        tmp_path, **secret, crawl={"proxy": "http://me:himitsu@proxy:3128"}, notify={"webhook": "https://hooks/himitsu"}
    )
    told = settings.model_dump(mode="json")
    assert "himitsu" not in str(told)
    assert (told["catalogue"], told["crawl"]["proxy"]) == (
        "postgresql+psycopg://kobunko:***@database/kobunko",
        "http://me:***@proxy:3128",
    )
    assert settings.catalogue_url == secret["catalogue"]
