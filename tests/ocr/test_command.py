"""`kobunko ocr` on files, good and hostile, through the real command in its own processes."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

SENTENCE = "児童の通行の安全を確保する要領を定める。"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF of two pages, the second one blank."""
    path = tmp_path_factory.mktemp("files") / "scan.pdf"
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        writer = pymupdf.TextWriter(page.rect)
        for number in range(3):
            writer.append((60, 120 + 50 * number), SENTENCE, font=pymupdf.Font("japan"), fontsize=18)
        writer.write_text(page)
        document.new_page(width=595, height=842)
        document.save(path)
    return path


def kobunko(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kobunko", "--home", str(home), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_text_json_hocr_and_pictures_tell_the_same(home: Path, scan: Path, tmp_path: Path) -> None:
    told = kobunko(home, "ocr", scan, "--json", "--png", tmp_path / "pictures")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    first, second = found["pages"]
    assert found["text"].splitlines() == [SENTENCE] * 3
    assert (first["method"], second["method"], second["reason"]) == ("ocr", "none", "blank")
    assert [first["text"][line["start"] : line["end"]] for line in first["lines"]] == [SENTENCE] * 3
    assert all(0 < line["x0"] < line["x1"] < 1 and line["confidence"] > 0.9 for line in first["lines"])
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["scan-1.png"]
    assert list((home / "cache" / "ocr").rglob("1-*.json"))

    page = kobunko(home, "ocr", scan, "--hocr").stdout
    width, height = found["notes"]["1"]["size"]
    assert f'title="bbox 0 0 {width} {height}"' in page
    boxes = [tuple(map(int, box.split())) for box in re.findall(r'ocr_line" title="bbox ([\d ]+);', page)]
    assert boxes[0][0] == pytest.approx(first["lines"][0]["x0"] * width, abs=1)
    assert page.count(SENTENCE) == 3


def image(kind: str, body: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    body.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.slow
def test_every_hostile_image_has_a_named_outcome_and_harms_no_neighbour(home: Path, scan: Path, tmp_path: Path) -> None:
    with pymupdf.open(scan) as document:
        pixmap = document[0].get_pixmap(dpi=150)
        page = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
    jpeg = image("JPEG", page)
    size = jpeg.index(b"\xff\xc0") + 5
    giant = jpeg[:size] + b"\xff\xff\xff\xff" + jpeg[size + 4 :]
    files = {
        "giant.jpg": giant,
        "torn.jpg": jpeg[: len(jpeg) // 3],
        "cmyk.jpg": image("JPEG", page.convert("CMYK")),
        "fax.tif": image("TIFF", page.convert("1", dither=Image.Dither.NONE), compression="group4"),
        "archive.jp2": image("JPEG2000", page),
        "moving.gif": image("GIF", page, save_all=True, append_images=[page.rotate(180)]),
    }
    paths = []
    for name, body in files.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(body)
    told = kobunko(home, "ocr", *paths, scan, "--json")
    assert told.returncode in (0, 1), told.stderr
    found = dict(zip([*files, "scan.pdf"], json.loads(told.stdout), strict=True))
    for name in ("cmyk.jpg", "fax.tif", "archive.jp2", "moving.gif", "scan.pdf"):
        assert found[name]["outcome"] == "ok", name
        assert found[name]["text"].splitlines()[:3] == [SENTENCE] * 3, name
    for name in ("giant.jpg", "torn.jpg"):
        reasons = {page["reason"] for page in found[name]["pages"]}
        assert found[name]["outcome"].startswith("reject:") or reasons <= {"image-too-large", "corrupt-image"}, name
        assert not found[name]["text"], name


def test_two_kinds_of_output_at_once_are_refused(home: Path, scan: Path) -> None:
    told = kobunko(home, "ocr", scan, "--json", "--hocr")
    assert told.returncode == 2
    assert "choose one" in told.stderr


def test_doctor_shows_which_models_run(home: Path) -> None:
    told = json.loads(kobunko(home, "doctor", "--json").stdout)
    (check,) = [item for item in told["checks"] if item["name"] == "OCR runs with"]
    assert check["ok"]
    assert "onnxruntime on cpu" in check["detail"]
    assert "PP-OCRv6_small_rec_japanese" in check["detail"]
