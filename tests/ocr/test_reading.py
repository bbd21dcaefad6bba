"""The real recogniser on page images that are drawn here with sentences of our own."""

import dataclasses
import io
import json
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageChops, ImageDraw

from kobunko.errors import Corrupt, NotFound, Reject, UsageError
from kobunko.ids import sha256_hex
from kobunko.ocr import models
from kobunko.ocr.ahead import running_ahead
from kobunko.ocr.building import build_models
from kobunko.ocr.cache import Cache
from kobunko.ocr.cache import folder as cache_folder
from kobunko.ocr.lines import Line
from kobunko.ocr.paper import is_flat, like_scanned
from kobunko.ocr.read import PageReader, load_reader
from kobunko.ocr.reader import Reader
from kobunko.ocr.reading import Reading
from kobunko.ocr.records import OcrInput, OcrPages
from kobunko.ocr.render import is_blank, page_image
from kobunko.ocr.stage import make
from kobunko.records import Blob, Page
from kobunko.settings import OcrSettings

SENTENCES = [
    "横断歩道見守り実施要領",
    "第一条　この要領は、児童の通行の安全を確保することを目的とする。",
    "第二条　見守り員は、毎朝七時三十分から八時十五分まで配置する。",
    "第三条　雨天の場合にあっても、見守りを行うものとする。",
]


def sheet(*, vertical: bool = False, lines: int = 4) -> bytes:
    """A PDF page with the sentences, over and over."""
    font = pymupdf.Font("japan")
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        writer = pymupdf.TextWriter(page.rect)
        for number in range(lines):
            sentence = SENTENCES[number % 4]
            if vertical:
                for place, character in enumerate(sentence):
                    writer.append((500 - 40 * number, 80 + 20 * place), character, font=font, fontsize=18)
            else:
                writer.append((50, 100 + (40 if lines == 4 else 30) * number), sentence, font=font, fontsize=15)
        writer.write_text(page)
        return bytes(document.tobytes())


def picture(pdf: bytes, turn: int = 0) -> bytes:
    """The page as a PNG, turned counter-clockwise."""
    return png(np.rot90(page_image(blob(pdf), 1), turn // 90))


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def blob(body: bytes) -> Blob:
    return Blob("file", "http://a.example/x", "", "", body)


def marked(count: int = 1) -> list[Page]:
    return [Page(n + 1, "", "ocr", "image-file", None, "none", 0, n + 1) for n in range(count)]


@pytest.fixture(scope="module")
def ocr() -> Callable[[OcrInput], OcrPages]:
    return make(models.identity(OcrSettings()))


def differences(found: str, expected: str) -> float:
    """Share of characters that differ, white space and width forms aside (edit distance)."""
    one, two = ("".join(unicodedata.normalize("NFKC", text).split()) for text in (found, expected))
    row = list(range(len(two) + 1))
    for i, character in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(two, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (character != other))
    return row[-1] / len(two)


@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_horizontal_page_is_read_whichever_way_it_lies(ocr: Callable[[OcrInput], OcrPages], turn: int) -> None:
    found = ocr(OcrInput([blob(picture(sheet(), turn))], marked(), 1))
    (page,) = found.pages
    assert differences(page.text, "\n".join(SENTENCES)) < 0.04
    assert (page.method, page.writing, page.reason) == ("ocr", "horizontal", "image-file")
    assert page.confidence is not None
    assert page.confidence > 0.9
    assert json.loads(found.notes)["1"].get("rotation", 0) == (360 - turn) % 360
    first = page.lines[0]
    assert page.text[first.start : first.end] == SENTENCES[0]
    # as a reader sees the page: 595 × 842 points, the first line at 50, 100
    assert (first.x0, first.y1) == pytest.approx((50 / 595, 103 / 842), abs=0.01)


def test_a_vertical_page_is_read_from_the_right(ocr: Callable[[OcrInput], OcrPages]) -> None:
    (page,) = ocr(OcrInput([blob(sheet(vertical=True))], marked(), 1)).pages
    assert page.writing == "vertical"
    assert differences(page.text, "\n".join(SENTENCES)) < 0.05
    assert page.text.count("、") == 3
    assert page.text.startswith("横断")
    assert page.text.splitlines()[-1].startswith("第三条")


def test_a_curled_page_is_straightened_and_flagged(ocr: Callable[[OcrInput], OcrPages]) -> None:
    image = np.asarray(Image.open(io.BytesIO(picture(sheet(lines=24)))))
    rise = 18 * np.sin(np.linspace(0, 2 * np.pi, image.shape[1]))
    rows = np.clip(np.arange(image.shape[0])[:, None] + rise[None, :].astype(int), 0, image.shape[0] - 1)
    found = ocr(OcrInput([blob(png(image[rows, np.arange(image.shape[1])]))], marked(), 1))
    assert differences(found.pages[0].text, "\n".join(SENTENCES[n % 4] for n in range(24))) < 0.04
    assert json.loads(found.notes)["1"]["flags"] == ["curled"]


def test_text_under_a_red_seal_is_read(ocr: Callable[[OcrInput], OcrPages]) -> None:
    image = Image.open(io.BytesIO(picture(sheet(lines=8))))
    stamp = Image.new("RGB", image.size, "white")
    draw = ImageDraw.Draw(stamp)
    draw.ellipse((600, 300, 800, 500), outline=(215, 45, 50), width=10)
    for place in range(340, 480, 30):
        draw.line((640, place, 760, place), fill=(215, 45, 50), width=8)
    found = ocr(OcrInput([blob(png(np.asarray(ImageChops.multiply(image, stamp))))], marked(), 1))
    assert differences(found.pages[0].text, "\n".join(SENTENCES[n % 4] for n in range(8))) < 0.03
    assert json.loads(found.notes)["1"]["flags"] == ["seal"]


def test_a_ruled_table_comes_out_as_cells(ocr: Callable[[OcrInput], OcrPages]) -> None:
    cells = [["地区", "見守り員", "配置"], ["北区", "二十人", "毎朝"], ["南区", "三十人", "夕方"]]
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        writer = pymupdf.TextWriter(page.rect)
        for n, texts in enumerate(cells):
            for k, text in enumerate(texts):
                page.draw_rect((80 + 140 * k, 100 + 40 * n, 220 + 140 * k, 140 + 40 * n))
                writer.append((90 + 140 * k, 125 + 40 * n), text, font=pymupdf.Font("japan"), fontsize=14)
        writer.write_text(page)
        body = bytes(document.tobytes())
    found = ocr(OcrInput([blob(body)], marked(), 1))
    (table,) = json.loads(found.structure)["tables"]
    assert table["cells"] == cells
    assert table["page"] == 1
    assert found.pages[0].text.splitlines()[0] == "| 地区 | 見守り員 | 配置 |"
    assert {line.kind for line in found.pages[0].lines} == {"table"}


def test_pages_read_together_are_read_as_each_alone() -> None:
    images = [page_image(blob(sheet(vertical=vertical)), 1) for vertical in (False, True, False)]
    alone = load_reader(OcrSettings())
    together = Reader(alone._engine, 3, ahead=True)
    for one, two in zip(alone.read(images), together.read(images), strict=True):
        assert [line.text for line in one.lines] == [line.text for line in two.lines]
        assert one.confidence == pytest.approx(two.confidence, abs=1e-3)


def test_what_was_read_is_kept_under_the_name_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = sheet()
    scan = dataclasses.replace(blob(body), sha256=sha256_hex(body))
    first = PageReader(OcrSettings(), tmp_path).read([(scan, marked()[0])])
    again = PageReader(OcrSettings(), tmp_path)
    monkeypatch.setattr("kobunko.ocr.read.load_reader", None)  # whoever would read now would fail
    assert again.read([(scan, marked()[0])]) == first
    assert {path.parent.name for path in cache_folder(tmp_path).rglob("*.json")} == {scan.sha256}


def test_a_torn_cache_file_is_no_reading(tmp_path: Path) -> None:
    cache = Cache(tmp_path, {"set": "x"})
    reading = Reading([Line("見守り", 0.9, (1.0, 2.0, 3.0, 4.0))], [], [], [], 10, 10, 0, 0.0, 0.0, 99.0, "test")
    cache.put("ab" * 32, 1, reading)
    assert cache.get("ab" * 32, 1) == reading
    assert Cache(tmp_path, {"set": "other"}).get("ab" * 32, 1) is None
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(path.read_bytes()[:50])
    assert cache.get("ab" * 32, 1) is None


def test_another_recogniser_can_be_named_in_the_settings() -> None:
    reader = load_reader(OcrSettings(engine="recognisers:Stub"))
    (reading,) = reader.read([page_image(blob(sheet()), 1)])
    assert [line.text for line in reading.lines] == ["代役"]
    with pytest.raises(UsageError, match="no OCR engine"):
        load_reader(OcrSettings(engine="kobunko.ocr.nowhere:engine"))


def test_a_model_folder_without_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"inference\.yml"):
        models.identity(OcrSettings(detector=str(tmp_path)))


def test_a_step_that_runs_ahead_keeps_the_order_and_hands_its_error_on() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise KeyError("broken")

    found = []
    with pytest.raises(KeyError, match="broken"):
        found.extend(running_ahead(items()))
    ahead = running_ahead(iter(range(100)))
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()  # type: ignore[attr-defined]


def test_grain_is_laid_on_clean_images_the_same_way_every_time() -> None:
    image = page_image(blob(sheet(vertical=True)), 1)
    assert is_flat(image)
    grainy, scale = like_scanned(image, 50)
    assert scale == 0.5
    assert grainy.shape[0] == round(image.shape[0] / 2)
    assert not is_flat(grainy)
    assert np.array_equal(grainy, like_scanned(image, 50)[0])


def test_only_marked_pages_are_read_and_blank_ones_are_named(ocr: Callable[[OcrInput], OcrPages]) -> None:
    with pymupdf.open() as document:
        document.new_page()
        document.new_page()
        body = bytes(document.tobytes())
    embedded = Page(1, "読めている", "embedded", "text-layer", None, "horizontal", 0, 1)
    found = ocr(OcrInput([blob(body)], [embedded, dataclasses.replace(marked()[0], number=2, part_page=2)], 1))
    assert [(page.number, page.method, page.reason) for page in found.pages] == [(2, "none", "blank")]
    assert "paddleocr" in found.engine


def test_a_page_of_a_giant_sheet_stays_small(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page(width=14000, height=14000)
        image = page_image(blob(bytes(document.tobytes())), 1)
    assert max(image.shape) <= 4001
    assert is_blank(image)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO()
    Image.new("1", (15000, 15000)).save(buffer, "TIFF", compression="group4")
    with pytest.raises(Reject) as caught:
        page_image(blob(buffer.getvalue()), 1)
    assert caught.value.code == "image-too-large"


def test_frames_of_a_tiff_and_the_way_a_photograph_was_held_are_respected() -> None:
    upright = Image.new("RGB", (60, 100), "white")
    upright.paste("black", (0, 0, 60, 20))
    buffer, photograph = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (60, 100), "white").save(buffer, "TIFF", save_all=True, append_images=[upright])
    assert is_blank(page_image(blob(buffer.getvalue()), 1))
    assert page_image(blob(buffer.getvalue()), 2)[5, 30].tolist() == [0, 0, 0]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    upright.rotate(90, expand=True).save(photograph, "PNG", exif=exif)
    assert page_image(blob(photograph.getvalue()), 1)[5, 30].tolist() == [0, 0, 0]


def test_a_transparent_or_grey_image_is_put_on_white_paper() -> None:
    inks: dict[str, tuple[float | tuple[int, ...], float | tuple[int, ...]]] = {
        "LA": ((0, 0), (0, 255)), "I;16": (65535, 0), "1": (1, 0),
    }  # fmt: skip
    for mode, (paper, ink) in inks.items():
        image = Image.new(mode, (200, 200), paper)
        image.paste(ink, (50, 50, 100, 100))
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        pixels = page_image(blob(buffer.getvalue()), 1)
        assert pixels.shape == (200, 200, 3)
        assert pixels[10, 10].tolist() == [255, 255, 255]
        assert pixels[75, 75].tolist() == [0, 0, 0]
        assert not is_blank(pixels)


def test_a_damaged_image_is_a_named_reject() -> None:
    with pytest.raises(Reject) as caught:
        page_image(blob(picture(sheet())[:2000]), 1)
    assert caught.value.code == "corrupt-image"


def test_models_are_made_once_even_by_several_at_the_same_time(tmp_path: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(build_models(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / models.MODEL_SET] * 2
    assert [path.name for path in tmp_path.iterdir()] == [models.MODEL_SET]
    whole, cut = ((found[0] / name / "inference.yml").read_text() for name in (models.RECOGNISER, models.JAPANESE))
    assert "财" in whole
    assert "財" in cut
    assert "财" not in cut


def test_other_weights_than_the_measured_ones_are_refused() -> None:
    weights = models.WEIGHTS[models.DETECTOR]
    with pytest.raises(Corrupt, match="make install"):
        models.find_weights(dataclasses.replace(weights, sha256="0" * 64))
    with pytest.raises(NotFound, match="make install"):
        models.find_weights(dataclasses.replace(weights, package="kobunko_no_such_wheel"))
