"""The command line. Standard output is data, standard error is progress and messages.

Exit codes: 0 done · 1 failed · 2 usage · 3 finished, but an assertion or the quarantine limit broke.
"""

import os
import signal
import sys
from errno import EACCES, EDQUOT, ENOSPC, EPERM, EROFS
from types import FrameType
from typing import Annotated

import typer

from kobunko import __version__
from kobunko.commands import (  # noqa: F401  each registers its commands
    collect,
    demo,
    dups,
    inspect,
    keep,
    nightly,
    ocr,
    process,
    releases,
    remove,
    report,
    review,
    rights,
    serve,
    sources,
)
from kobunko.commands.common import HomeOption, app
from kobunko.errors import Interrupted, KobunkoError
from kobunko.logs import configure
from kobunko.screen import err, note, out

__all__ = ["app", "main"]


_ACCESS = "let this user read and write there, or name another --home"
_SPACE = "free some space, then give the same command again"
_MENDED_BY = {EACCES: _ACCESS, EPERM: _ACCESS, EROFS: _ACCESS, ENOSPC: _SPACE, EDQUOT: _SPACE}


@app.callback(invoke_without_command=True)
def root(
    home: HomeOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log on stderr.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Kobunko: published Japanese government documents as text for AI, with evidence and provenance."""
    configure(verbose=verbose)
    if home:
        os.environ["KOBUNKO_HOME"] = str(home)  # for the command, and for the workers that it spawns
    if version:
        out.print(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point: turns the project's exceptions into exit codes and one clear line."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        app(standalone_mode=True)
    except KobunkoError as error:
        err.print(f"kobunko: {error}", style="bold red" if err.is_terminal else None, markup=False, highlight=False)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _MENDED_BY:
            raise
        err.print(f"kobunko: {error}: {_MENDED_BY[error.errno]}.", markup=False, highlight=False)
        sys.exit(1)
    except Interrupted:
        note("kobunko: interrupted. What was done is kept; the same command goes on from there.")
        sys.exit(1)
