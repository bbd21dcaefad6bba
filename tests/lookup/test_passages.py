"""The passage index: what is in it is found, also through noise; what is not, or no longer, is not."""

import random
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import Invented, invented, noisy
from library import Library, bring_in, html, index, read

from kobunko import pipeline
from kobunko.errors import NotFound, UsageError
from kobunko.home import Home
from kobunko.passages.fingerprints import GRAM, WINDOW, gram_hashes, winnow
from kobunko.passages.fold import MANY_SMALL, update
from kobunko.passages.key import key_of
from kobunko.passages.released import Release, default_release
from kobunko.passages.store import Store
from kobunko.passages.trace import trace


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return invented(200)


@pytest.fixture(scope="module")
def filled(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("index"), create=True)
    update(store, Invented(texts))
    return store


@given(st.text(max_size=60))
def test_the_key_is_nfkc_lower_case_without_white_space(text: str) -> None:
    key = key_of(text)
    assert len(key.codes) == len(key.offsets)
    assert (np.diff(key.offsets) >= 0).all()
    assert str(key_of(str(key))) == str(key)


@pytest.mark.parametrize(
    "text", ["ﾊﾟｰﾄﾅｰｼｯﾌﾟ ｶﾞｲﾄﾞ", "令和　５年\r\n㈱見本　①", "ABC ａｂｃ", "か\u3099き", "第１条　𠮷野家"]
)
def test_the_key_of_japanese_forms(text: str) -> None:
    plain = unicodedata.normalize("NFKC", "".join(unicodedata.normalize("NFKC", text).lower().split()))
    assert str(key_of(text)) == plain


@given(st.text(alphabet="あいうえお", min_size=0, max_size=60), st.text(alphabet="かきくけこ", min_size=0, max_size=30))
def test_what_two_texts_share_gives_a_common_fingerprint(shared: str, around: str) -> None:
    if len(shared) < GRAM + WINDOW - 1:
        return
    kept = []
    for text in (shared, around + shared + around):
        hashes = gram_hashes(key_of(text).codes)
        kept.append(set(hashes[winnow(hashes)].tolist()))
    assert kept[0] & kept[1]


def test_passages_are_found_where_they_stand(filled: Store, texts: dict[str, str]) -> None:
    chosen = random.Random(2)
    for name in chosen.sample(sorted(texts), 60):
        start = chosen.randrange(600)
        passage = texts[name][start : start + chosen.randint(40, 200)]
        best = trace(filled, passage)[0]
        assert best.likeness == 1
        assert texts[best.doc_id][best.start : best.end] == passage == best.text


def test_passages_are_found_through_noise(filled: Store, texts: dict[str, str]) -> None:
    chosen = random.Random(3)
    names = chosen.sample(sorted(texts), 100)
    right = 0
    for number, name in enumerate(names):
        start = chosen.randrange(600)
        hits = trace(filled, noisy(texts[name][start : start + chosen.randint(60, 200)], number))
        right += bool(hits) and hits[0].doc_id == name
    assert right >= 95


def test_what_is_not_there_is_not_found(filled: Store) -> None:
    for text in invented(50, 120, seed=99).values():
        assert trace(filled, text) == []


def test_a_long_text_is_found_by_its_parts(filled: Store, texts: dict[str, str]) -> None:
    whole = texts["doc-1-00007"]
    other = "".join(invented(1, 4000, seed=5).values())
    assert trace(filled, whole)[0].doc_id == "doc-1-00007"
    assert trace(filled, whole + other) == []


def test_a_short_passage_is_refused(filled: Store) -> None:
    with pytest.raises(UsageError, match="13"):
        trace(filled, "短い 一節\n です")


def test_the_fold_adds_and_drops_only_what_changed(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    texts = invented(30)
    assert update(store, Invented(texts)).added == 30
    assert update(store, Invented(texts)).added == 0
    del texts["doc-1-00003"]
    texts["doc-1-00004"] = "書き換えた文書である。中身はまったく別のものになった。以上。"
    found = update(store, Invented(texts))
    assert (found.added, found.removed, found.documents) == (1, 1, 29)
    assert trace(store, invented(30)["doc-1-00003"][:120]) == []
    assert trace(store, texts["doc-1-00004"])[0].doc_id == "doc-1-00004"


def test_an_index_of_another_format_is_made_anew(tmp_path: Path) -> None:
    store, texts = Store(tmp_path, create=True), invented(3)
    update(store, Invented(texts))
    with store.transaction() as connection:
        store.note(connection, "format", "1")
    store.close()
    assert update(Store(tmp_path, create=True), Invented(texts)).added == 3


def test_small_segments_are_merged_and_keep_their_documents(tmp_path: Path) -> None:
    store, texts = Store(tmp_path, create=True), {}
    for night in range(MANY_SMALL):
        texts |= invented(5, 300, seed=night)
        if night == 3:
            del texts["doc-0-00001"]
        update(store, Invented(texts))
    assert len(store.segments()) == 1
    assert len(list(tmp_path.glob("segment-*"))) == 1
    for name, text in texts.items():
        assert trace(store, text[50:150])[0].doc_id == name
    assert trace(store, invented(5, 300, seed=0)["doc-0-00001"][20:200]) == []


def test_the_text_of_a_document_that_left_is_on_no_page_of_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path, create=True)
    chosen = random.Random(1)
    secret = "".join(chosen.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(400))
    update(store, Invented({"doc-a": secret, "doc-b": "残る文書である。これは消えない。ここに残る。"}))
    packed = store.rows("SELECT body FROM texts JOIN documents ON number = document WHERE doc_id = 'doc-a'")[0][0]
    store.close()
    assert packed[20:60] in (tmp_path / "passages.sqlite").read_bytes()
    store = Store(tmp_path, create=True)
    update(store, Invented({"doc-b": "残る文書である。これは消えない。ここに残る。"}))
    store.close()
    assert packed[20:60] not in (tmp_path / "passages.sqlite").read_bytes()


def test_removed_documents_leave_at_once_and_for_good(copy: Home, library: Library) -> None:
    passage = "そこにしか書かれていない秘密の一節がここにある。"
    store = Store(copy.settings.index)
    assert [hit.doc_id for hit in trace(store, passage)] == [library.ids["removed"]]
    copy.catalogue.remove(library.ids["removed"], "", "asked")
    assert trace(store, passage, removed=copy.catalogue.removed) == []
    index(copy.settings, "r2", frozenset(copy.catalogue.removed()))
    assert trace(store, passage) == []
    assert store.document(library.ids["removed"]) is None


def test_from_release_to_release_only_what_changed_is_read(copy: Home, library: Library, tmp_path: Path) -> None:
    bring_in(
        copy, tmp_path / "files", {"later.html": html("追って通知", "追って通知する日時と場所は次のとおりとする。")}
    )
    copy.catalogue.remove(library.ids["removed"], "", "asked")
    with copy.writing():
        read(copy)
        pipeline.build_release(copy, "r3", "internal")
    released, store = Release(copy.settings.releases / "r3"), Store(copy.settings.index, create=True)
    changes = released.changes(store.fact("base"))
    assert changes is not None
    assert (len(changes.changed), changes.left) == (1, [library.ids["removed"]])
    found = update(store, released, copy.catalogue.removed())
    assert (found.added, found.removed) == (1, 1)
    assert trace(store, "追って通知する日時と場所は次のとおり")[0].doc_id in changes.changed
    anew = Store(tmp_path / "anew", create=True)
    update(anew, released)
    assert store.keys() == anew.keys()
    assert released.changes("r9 of another home") is None


def test_only_open_releases_are_indexed_unasked(home: Home) -> None:
    with pytest.raises(NotFound, match="release build"):
        default_release(home.settings.releases)


def test_rows_without_text_are_known_by_name_alone(store: Store, library: Library) -> None:
    broken = store.document(library.ids["broken"])
    assert broken is not None
    assert (broken.length, broken.text_sha256) == (0, "")


_KILLED = """
import os, sys
sys.path.insert(0, {support!r})
from pathlib import Path
import kobunko.passages.fold as fold
from kobunko.passages.store import Store
from invented import Invented, invented
fold.SEGMENT_POSTINGS = fold._BATCH = 2000
left = [2]
real = Store.write_postings
def write(self, *rest):
    real(self, *rest)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
Store.write_postings = write
fold.update(Store(Path({folder!r}), create=True), Invented(invented(120)))
"""


def test_a_killed_fold_goes_on_where_it_was(tmp_path: Path) -> None:
    support = Path(__file__).parents[1] / "web" / "support"
    code = _KILLED.format(support=str(support), folder=str(tmp_path))
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    store, texts = Store(tmp_path, create=True), invented(120)
    found = update(store, Invented(texts))
    assert found.documents == 120
    assert 0 < found.added < 120
    assert len(list(tmp_path.glob("segment-*"))) == len(store.segments())
    for name in list(texts)[::10]:
        assert trace(store, texts[name][100:200])[0].doc_id == name
