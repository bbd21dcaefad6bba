"""The command that shows what is like a document, and the clusters in a release, through the command line itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import kobunko.cli
from kobunko.commands.common import app
from kobunko.errors import NotFound

ARTICLE = (
    "<p>第{n}条　雲海庁の長は、第{n}号の届出があったときは、遅滞なく様式{n}により台帳に記載しなければならない。</p>"
)
PAGE = '<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>{t}</title></head><body>{b}</body></html>'
LAW = "".join(ARTICLE.format(n=n) for n in range(1, 40))
TIDES = "".join(f"<p>潮汐省は、架空湾の第{n}観測所において{n}時に潮位を測り、その値を公表する。</p>" for n in range(40))


def kobunko(home: Path, *arguments: str | Path, json_: bool = True) -> Any:
    result = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments), *(["--json"] if json_ else [])])
    if result.exception:
        raise result.exception
    return json.loads(result.stdout) if json_ else result.output


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("dups")
    files = {"a.html": LAW, "b.html": LAW.replace("第7条", "第七条の二"), "c.html": TIDES}
    rows = []
    for name, body in files.items():
        (folder / name).write_text(PAGE.format(t=name, b=body))
        rows.append({"path": name, "source": "unkai", "url": f"https://www.unkai.demo.example/{name}"})
    (folder / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KOBUNKO__RUN__ENGINE", "inline")
        patch.setenv("KOBUNKO_HOME", str(folder / "home"))
        kobunko(folder / "home", "import", folder / "list.jsonl")
        kobunko(folder / "home", "run")
        yield folder / "home"


def test_the_cluster_of_a_document_with_similarities_and_a_difference(home: Path) -> None:
    found = kobunko(home, "dups", "https://www.unkai.demo.example/a.html", "--diff")
    assert [row["title"].rsplit("/")[-1] for row in found["documents"]] == ["a.html", "b.html"]
    first, second = found["documents"]
    assert first["cluster_id"] == second["cluster_id"] == min(first["doc_id"], second["doc_id"])
    assert first["similarity"] == 1 > second["similarity"] > 0.8
    assert any(line.startswith("+") and "第七条の二" in line for line in found["difference"])
    shown = kobunko(home, "dups", first["doc_id"], json_=False)
    assert f"Like {first['doc_id']}" in shown


def test_a_file_that_is_not_in_the_home(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.html"
    copy.write_text(PAGE.format(t="写し", b=TIDES.replace("公表する", "広く公表する")))
    found = kobunko(home, "dups", copy)
    assert [row["title"].rsplit("/")[-1] for row in found["documents"]] == ["c.html"]
    copy.write_text(PAGE.format(t="別", b="<p>まったく別の文書である。灯台の塗色は白とし、その高さは別に定める。</p>"))
    assert kobunko(home, "dups", copy)["documents"] == []


def test_what_is_not_there_is_said(home: Path) -> None:
    with pytest.raises(NotFound, match="no document has the id"):
        kobunko(home, "dups", "https://nowhere.example/")


def test_a_release_has_the_clusters(home: Path) -> None:
    kobunko(home, "release", "build", "v1", "--profile", "internal")
    manifest = pq.read_table(home / "releases" / "v1" / "manifest.parquet").to_pylist()
    assert sorted(row["cluster_size"] for row in manifest) == [1, 2, 2]
