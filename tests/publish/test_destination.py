import shutil
from pathlib import Path
from typing import Any

import pytest

from kobunko.errors import Corrupt, UsageError
from kobunko.publish import destination
from kobunko.publish.verify import verify


def publish(folder: Path, to: str) -> Any:
    return destination.publish(folder, to, Path("nowhere"))


def latest(target: Path) -> Path:
    return target / (target / "LATEST").read_text().strip()


def test_a_published_release_is_whole_and_is_not_sent_twice(home: Any, tmp_path: Path) -> None:
    info, target = home.build(), tmp_path / "shelf"
    first = publish(info.folder, str(target))
    assert (first.version, first.skipped) == ("2026.11.01", 0)
    assert first.copied == len([path for path in info.folder.rglob("*") if path.is_file()])
    assert verify(latest(target)) == []
    again = publish(info.folder, target.as_uri())
    assert (again.copied, again.skipped) == (0, first.copied)


def test_a_damaged_copy_is_replaced(home: Any, tmp_path: Path) -> None:
    info = home.build()
    publish(info.folder, str(tmp_path / "shelf"))
    (latest(tmp_path / "shelf") / "README.md").write_text("?")
    assert publish(info.folder, str(tmp_path / "shelf")).copied == 1
    assert verify(latest(tmp_path / "shelf")) == []


def test_a_publication_that_is_cut_off_leaves_the_old_one(home: Any, tmp_path: Path) -> None:
    """The new release is damaged on disk, so its copy stops at the bad file, in the middle."""
    target = tmp_path / "shelf"
    publish(home.build("1").folder, str(target))
    home.add({("tides", "law-9"): "新法\f第1条　新しい定め。"})
    home.run_stages()
    new = home.build("2").folder
    bad = next(new.glob("provenance/*.parquet"))
    good = bad.read_bytes()
    bad.write_bytes(b"x" + good[1:])
    with pytest.raises(Corrupt, match="release verify"):
        publish(new, str(target))
    assert latest(target).name == "1"
    assert verify(latest(target)) == []
    assert not (target / "2" / "provenance" / bad.name).exists()
    assert not (target / "2" / "manifest.json").exists()
    assert list(target.rglob("*.tmp")) == []

    bad.write_bytes(good)
    finished = publish(new, str(target))
    assert finished.skipped > 0
    assert latest(target).name == "2"
    assert verify(latest(target)) == []


def test_a_version_never_changes_once_published(home: Any, tmp_path: Path) -> None:
    publish(home.build().folder, str(tmp_path / "shelf"))
    shutil.rmtree(home.settings.releases)
    home.add({("tides", "law-9"): "新法\f本文"})
    with pytest.raises(UsageError, match="under a new version"):
        publish(home.build().folder, str(tmp_path / "shelf"))
    assert verify(latest(tmp_path / "shelf")) == []
