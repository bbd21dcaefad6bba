"""Word, Excel and PowerPoint files from before 2007: LibreOffice turns them into the formats of today, where it is."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from kobunko.errors import Reject

# Names of the streams that only this kind of file has, as the container writes them.
_STREAMS = {"WordDocument": "doc", "PowerPoint Document": "ppt", "Workbook": "xls", "Book": "xls"}
_TODAY = {"doc": "docx", "xls": "xlsx", "ppt": "pptx"}
# Named, because LibreOffice would otherwise take what it cannot open for a text file.
_FILTERS = {"doc": "MS Word 97", "xls": "MS Excel 97", "ppt": "MS PowerPoint 97"}
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WALL_S = 120


def legacy_format(body: bytes) -> str:
    """doc, xls, ppt or nothing. Raises `encrypted` for a file of today's formats inside of an encrypted container."""
    if _ENCRYPTED in body:
        raise Reject("encrypted", "an Office file with a password")
    return next((kind for stream, kind in _STREAMS.items() if stream.encode("utf-16-le") in body), "")


def modern(body: bytes, kind: str) -> bytes:
    """The same document in today's format.

    Raises `legacy-office` where LibreOffice is not installed, and `corrupt-office` where it cannot read the file.
    """
    program = shutil.which("soffice")
    if program is None:
        raise Reject("legacy-office", f"a .{kind} file: install LibreOffice (soffice) and run the stage again")
    with tempfile.TemporaryDirectory(prefix="kobunko-office-") as name:
        folder = Path(name)
        given = folder / f"document.{kind}"
        given.write_bytes(body)
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        to = [f"--infilter={_FILTERS[kind]}", "--convert-to", _TODAY[kind], "--outdir", str(folder), str(given)]
        try:
            done = subprocess.run(
                [program, profile, "--headless", "--norestore", *to], capture_output=True, timeout=_WALL_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Reject("corrupt-office", f".{kind}: LibreOffice did not end within {_WALL_S} s") from error
        made = given.with_suffix(f".{_TODAY[kind]}")
        if not made.is_file():
            raise Reject("corrupt-office", f".{kind}: {done.stderr.decode(errors='replace').strip()[:500]}")
        return made.read_bytes()


@cache
def version() -> str:
    """What LibreOffice says of itself, for the metadata."""
    program = shutil.which("soffice") or ""
    done = subprocess.run([program, "--version"], capture_output=True, timeout=_WALL_S, check=False)
    return " ".join(done.stdout.decode(errors="replace").split()[:2])
