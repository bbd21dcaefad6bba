"""Reading files from their images, whatever text they hold: as text, JSON, hOCR, or pictures to look at."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, app, settings_of
from kobunko.errors import UsageError
from kobunko.records import Blob
from kobunko.screen import note, show_json
from kobunko.single import read_images


@app.command("ocr")
def ocr_command(
    file: Annotated[list[Path], typer.Argument(help="PDF or image files.")],
    hocr: Annotated[bool, typer.Option("--hocr", help="Print hOCR on standard output.")] = False,
    png: Annotated[
        Path | None, typer.Option(help="Write pictures of the pages with boxes and order numbers to this folder.")
    ] = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Read files from the images of their pages, without storing anything."""
    if hocr and json_:
        raise UsageError("--json and --hocr both write to standard output: choose one.")
    settings = settings_of(home)
    found = read_images(file, pipeline.reading_stages(settings.ocr))
    results = []
    for path, result in zip(file, found, strict=True):
        results.append(result)
        if result["outcome"] != "ok":
            note(f"{path}: {result['outcome']} {result['detail']}")
        elif hocr:
            sys.stdout.write(pipeline.hocr(path.name, result["engine"], result["pages"], result["notes"]))
        elif not json_:
            sys.stdout.write(result["text"] + ("\n" if result["text"] else ""))
        if png is not None:
            _draw(path, result, png)
    if json_:
        show_json(results[0] if len(results) == 1 else results)
    if any(result["outcome"] != "ok" for result in results):
        raise typer.Exit(1)


def _draw(path: Path, result: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for page in result["pages"]:
        if page["method"] == "ocr":
            rotation = result["notes"].get(str(page["number"]), {}).get("rotation", 0)
            target = folder / f"{path.stem}-{page['number']}.png"
            _picture_of(path, page, rotation).save(target)
            note(f"{target}")


def _picture_of(path: Path, page: Mapping[str, Any], rotation: int) -> Any:
    """A page of a file with its lines framed and numbered (an image of Pillow)."""
    from kobunko.ocr.picture import picture

    blob = Blob("file", "", "", "", path.read_bytes())
    return picture(blob, page["part_page"], page["lines"], rotation)
