"""Small releases to publish, and what a Hub holds of them."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hubserver import Hub

from kobunko.publish import checksums

REPO = "loop/tides"
CARD = """---
license: other
license_name: mixed-see-per-row
language: ja
configs:
- config_name: laws
  default: true
  data_files:
  - split: train
    path: data/laws/*.parquet
---

# 潮位の記録
"""


def make_release(folder: Path, version: str = "2026.11.1", shards: int = 3, rows: int = 40, card: str = CARD) -> Path:
    """A release as far as publishing looks into it: a card, a manifest, shards and their hashes."""
    (folder / "data" / "laws").mkdir(parents=True)
    for number in range(shards):
        ids = [f"tides-{number}-{row:04}" for row in range(rows)]
        table = pa.table({"id": ids, "text": [f"{version}の潮位は{name}であった。" for name in ids]})
        pq.write_table(table, folder / "data" / "laws" / f"train-{number:05d}-of-{shards:05d}.parquet")
    (folder / "manifest.json").write_text(json.dumps({"version": version, "documents": shards * rows}))
    (folder / "README.md").write_text(card, encoding="utf-8")
    (folder / checksums.NAME).write_bytes(checksums.render(folder))
    return folder


def remote(hub: Hub, revision: str = "main") -> dict[str, str]:
    """sha256 of every file of the repository."""
    repo = hub.repos[REPO]
    found = {}
    for path, file in repo.commits[repo.sha(revision)].files.items():
        data = hub.blob(file.sha256) if file.sha256 else file.data
        found[path] = hashlib.sha256(data or b"").hexdigest()
    found.pop(".gitattributes")
    return found


def local(release: Path) -> dict[str, str]:
    files = (path for path in release.rglob("*") if path.is_file())
    return {path.relative_to(release).as_posix(): checksums.file_sha256(path) for path in files}


def is_whole(hub: Hub, release: Path, others: Collection[str] = ()) -> bool:
    """Whether the tag of the release shows exactly its files (and those of others)."""
    version = json.loads((release / "manifest.json").read_bytes())["version"]
    there = remote(hub, hub.repos[REPO].tags[version])
    return {name: sha for name, sha in there.items() if name not in others} == local(release)


def release_commits(hub: Hub) -> list[str]:
    titles = [commit.title for commit in hub.repos[REPO].history("main")]
    return [title for title in titles if title.startswith("Release ") and title != "Release 2026.10.1"]
