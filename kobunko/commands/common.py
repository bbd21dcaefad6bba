"""What all commands share: the application, its options, and the settings of the home that was asked for."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from kobunko.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the installation (or KOBUNKO_HOME).", file_okay=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def settings_of(home: Path | None, **flags: Any) -> Settings:
    """Settings of the home named after the command, else before it (which sets KOBUNKO_HOME), else of the default."""
    if home:
        os.environ["KOBUNKO_HOME"] = str(home.absolute())  # for the workers too, which look up what is not a parameter
    return load_settings(home, **flags)
