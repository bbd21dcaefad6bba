"""A report that leaves the house: to a publisher, about what machines cannot read on its site."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kobunko import pipeline
from kobunko.commands.common import HomeOption, JsonOption, settings_of
from kobunko.commands.sources import report_app
from kobunko.errors import NotFound
from kobunko.executors import reader
from kobunko.home import Home, open_home
from kobunko.publisher import File, Problem, of_host, survey
from kobunko.screen import note, show_json
from kobunko.web.images import PageImages

if TYPE_CHECKING:
    from kobunko.publisher_report import Picture


@report_app.command("publisher")
def report_publisher(
    host: Annotated[str, typer.Argument(help="Host of the publisher's site; those below it are included.")],
    to: Annotated[Path | None, typer.Option(help="Folder; else reports/publishers/HOST in the home.")] = None,
    pictures: Annotated[int, typer.Option(min=0, help="Files that get a picture of a page that cannot be read.")] = 20,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Tell a publisher which of its PDFs machines cannot read, on which pages, why, and what would mend it."""
    from kobunko.publisher_report import write  # brings the templates along

    with open_home(settings_of(home)) as place, closing(PageImages(reader(place.settings), pipeline.VIEW)) as images:
        folder = to or place.settings.reports / "publishers" / host
        told = write(folder, host, _files(place, host.lower()), _picture(place, images), pictures)
    if json_:
        show_json(told)
    else:
        total = told["total"]
        note(f"{total['affected']} of {total['files']} PDFs of {host} have {total['unreadable']} unreadable pages.")
        note(f"The report with {len(told['pictures'])} pictures is in {folder}: index.html, report.md, report.json.")


def _files(place: Home, host: str) -> list[File]:
    kept_out = place.catalogue.removed() | place.catalogue.withheld()
    ids = [name for name in place.catalogue.document_ids(host=host) if name not in kept_out]
    files = survey(pipeline.corpus(place), list(of_host(place.catalogue.documents(ids), host)))
    if not files:
        raise NotFound(f"no PDF of {host} has been read here: crawl or import some and run `kobunko run`.")
    return files


def _picture(place: Home, images: PageImages) -> "Picture":
    def picture(file: File, problem: Problem, page: int) -> bytes | None:
        (document,) = place.catalogue.documents([file.doc_id])
        try:
            return images.get(document.parts[problem.part], page, [])
        except NotFound:  # what cannot be opened cannot be drawn
            return None

    return picture
