"""The way to the Hub when nothing goes wrong, in each way that large files can travel."""

from pathlib import Path
from typing import Any

from conftest_hub import REPO, local, remote

from kobunko.publish.hub import publish


def test_a_release_arrives_whole_in_one_commit_with_its_tag(hub: Any, release: Path, tmp_path: Path) -> None:
    result = publish(release, REPO, tmp_path / "journals")
    assert remote(hub) == remote(hub, "2026.11.1") == local(release)
    assert [commit.title for commit in hub.repos[REPO].history("main")] == ["Release 2026.11.1", "initial commit"]
    assert result.revision == hub.repos[REPO].tags["2026.11.1"]
    assert (result.copied, result.skipped) == (6, 0)
    assert list((tmp_path / "journals").glob("*")) == []
    assert not [line for line, auth in hub.auth if line.startswith("CDN") and auth]

    hub.log.clear()
    again = publish(release, REPO, tmp_path / "journals")
    assert (again.copied, again.skipped, again.revision) == (0, 6, result.revision)
    assert hub.count("/commit/|PUT|preupload") == 0
