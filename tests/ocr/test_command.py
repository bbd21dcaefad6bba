"""`kobunko ocr` on files, good and hostile, through the real command line."""

import io
import re
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from commandline import Result, command, environment, run
from PIL import Image

SENTENCE = "児童の通行の安全を確保する要領を定める。"
LINES = 3


def kobunko(home: Path, *arguments: str | Path) -> Result:
    return run(command(home, *arguments), environment())


def scan() -> pymupdf.Document:
    """A PDF of two small pages, the second one blank."""
    document = pymupdf.open()
    page = document.new_page(width=480, height=180)
    writer = pymupdf.TextWriter(page.rect)
    for number in range(LINES):
        writer.append((50, 50 + 45 * number), SENTENCE, font=pymupdf.Font("japan"), fontsize=18)
    writer.write_text(page)
    document.new_page(width=480, height=180)
    return document


def image(kind: str, body: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    body.save(buffer, kind, **options)
    return buffer.getvalue()


def files() -> dict[str, bytes]:
    with scan() as document:
        pixmap = document[0].get_pixmap(dpi=150)
        pdf = bytes(document.tobytes())
    page = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
    jpeg = image("JPEG", page)
    size = jpeg.index(b"\xff\xc0") + 5  # of the frame: height and width, two bytes each
    return {
        "giant.jpg": jpeg[:size] + b"\xff\xff\xff\xff" + jpeg[size + 4 :],
        "torn.jpg": jpeg[: len(jpeg) // 3],
        "cmyk.jpg": image("JPEG", page.convert("CMYK")),
        "fax.tif": image("TIFF", page.convert("1", dither=Image.Dither.NONE), compression="group4"),
        "archive.jp2": image("JPEG2000", page),
        "moving.gif": image("GIF", page, save_all=True, append_images=[page.rotate(180)]),
        "scan.pdf": pdf,
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ocr")


@pytest.fixture(scope="module")
def found(place: Path) -> dict[str, Any]:
    """What one command says of all files, by their names."""
    named = files()
    for name, body in named.items():
        (place / name).write_bytes(body)
    told = kobunko(place / "home", "ocr", *(place / name for name in named), "--json", "--png", place / "pictures")
    assert told.code == 1, told.err
    return dict(zip(named, told.json, strict=True))


def test_text_json_hocr_and_pictures_tell_the_same(place: Path, found: dict[str, Any]) -> None:
    scan = found["scan.pdf"]
    first, second = scan["pages"]
    assert scan["text"].splitlines() == [SENTENCE] * LINES
    assert (first["method"], second["method"], second["reason"]) == ("ocr", "none", "blank")
    assert [first["text"][line["start"] : line["end"]] for line in first["lines"]] == [SENTENCE] * LINES
    assert all(0 < line["x0"] < line["x1"] < 1 and line["confidence"] > 0.9 for line in first["lines"])
    assert [path.name for path in (place / "pictures").glob("scan*")] == ["scan-1.png"]
    assert list((place / "home" / "cache" / "ocr").rglob("1-*.json"))

    page = kobunko(place / "home", "ocr", place / "scan.pdf", "--hocr").out
    width, height = scan["notes"]["1"]["size"]
    assert f'title="bbox 0 0 {width} {height}"' in page
    boxes = [tuple(map(int, box.split())) for box in re.findall(r'ocr_line" title="bbox ([\d ]+);', page)]
    assert boxes[0][0] == pytest.approx(first["lines"][0]["x0"] * width, abs=1)
    assert page.count(SENTENCE) == LINES


@pytest.mark.parametrize("name", ["cmyk.jpg", "fax.tif", "archive.jp2", "moving.gif"])
def test_an_unusual_image_is_read_beside_hostile_ones(found: dict[str, Any], name: str) -> None:
    assert found[name]["outcome"] == "ok"
    assert found[name]["text"].splitlines()[:LINES] == [SENTENCE] * LINES


@pytest.mark.parametrize(("name", "code"), [("giant.jpg", "image-too-large"), ("torn.jpg", "corrupt-image")])
def test_a_hostile_image_has_a_named_outcome(found: dict[str, Any], name: str, code: str) -> None:
    reasons = {page["reason"] for page in found[name]["pages"] or []}
    assert found[name]["outcome"] == f"reject:{code}" or reasons == {code}
    assert not found[name]["text"]


def test_two_kinds_of_output_at_once_are_refused(tmp_path: Path) -> None:
    told = kobunko(tmp_path, "ocr", "scan.pdf", "--json", "--hocr")
    assert told.code == 2
    assert "choose one" in told.err


def test_doctor_shows_which_models_run(tmp_path: Path) -> None:
    (check,) = [
        item for item in kobunko(tmp_path, "doctor", "--json").json["checks"] if item["name"] == "OCR runs with"
    ]
    assert check["ok"]
    assert "onnxruntime on cpu" in check["detail"]
    assert "PP-OCRv6_small_rec_japanese" in check["detail"]
