"""The real recogniser on page images that are drawn here with sentences of our own."""

import dataclasses
import io
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from kobunko.errors import Corrupt, NotFound, Reject
from kobunko.ocr import models
from kobunko.ocr.paper import is_flat, like_scanned
from kobunko.ocr.records import OcrInput, OcrPages
from kobunko.ocr.render import is_blank, page_image
from kobunko.ocr.stage import make
from kobunko.records import Blob, Page

SENTENCES = [
    "横断歩道見守り実施要領",
    "第一条　この要領は、児童の通行の安全を確保することを目的とする。",
    "第二条　見守り員は、毎朝七時三十分から八時十五分まで配置する。",
    "第三条　雨天の場合にあっても、見守りを行うものとする。",
]


def sheet(*, vertical: bool = False) -> bytes:
    """A PDF page with the sentences."""
    font = pymupdf.Font("japan")
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        writer = pymupdf.TextWriter(page.rect)
        for number, sentence in enumerate(SENTENCES):
            if vertical:
                for place, character in enumerate(sentence):
                    writer.append((500 - 40 * number, 80 + 20 * place), character, font=font, fontsize=18)
            else:
                writer.append((50, 100 + 40 * number), sentence, font=font, fontsize=15)
        writer.write_text(page)
        return bytes(document.tobytes())


def picture(pdf: bytes, turn: int = 0) -> bytes:
    """The page as a PNG, turned counter-clockwise."""
    image = page_image(blob(pdf), 1)
    buffer = io.BytesIO()
    Image.fromarray(np.rot90(image, turn // 90)).save(buffer, "PNG")
    return buffer.getvalue()


def blob(body: bytes) -> Blob:
    return Blob("file", "http://a.example/x", "", "", body)


def marked(count: int = 1) -> list[Page]:
    return [Page(n + 1, "", "ocr", "image-file", None, "none", 0, n + 1) for n in range(count)]


@pytest.fixture(scope="module")
def ocr() -> Callable[[OcrInput], OcrPages]:
    return make(models.MODEL_SET)


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
    (page,) = ocr(OcrInput([blob(picture(sheet(), turn))], marked(), 1)).pages
    assert differences(page.text, "\n".join(SENTENCES)) < 0.04
    assert (page.method, page.writing, page.reason) == ("ocr", "horizontal", "image-file")
    assert page.confidence is not None
    assert page.confidence > 0.9


def test_a_vertical_page_is_read_from_the_right(ocr: Callable[[OcrInput], OcrPages]) -> None:
    (page,) = ocr(OcrInput([blob(sheet(vertical=True))], marked(), 1)).pages
    assert page.writing == "vertical"
    assert differences(page.text, "\n".join(SENTENCES)) < 0.05
    assert page.text.count("、") == 3
    assert page.text.startswith("横断")
    assert page.text.splitlines()[-1].startswith("第三条")


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
    threads = [threading.Thread(target=lambda: found.append(models.build_models(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / models.MODEL_SET] * 2
    assert [path.name for path in tmp_path.iterdir()] == [models.MODEL_SET]
    description = (found[0] / models.RECOGNISER / "inference.yml").read_text()
    assert "財" in description
    assert "财" not in description


def test_other_weights_than_the_measured_ones_are_refused() -> None:
    weights = models.WEIGHTS[models.DETECTOR]
    with pytest.raises(Corrupt, match="make install"):
        models.find_weights(dataclasses.replace(weights, sha256="0" * 64))
    with pytest.raises(NotFound, match="make install"):
        models.find_weights(dataclasses.replace(weights, package="kobunko_no_such_wheel"))
