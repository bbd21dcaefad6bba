"""Contracts of imports: every module of the core is under one, and the command line loads little."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAY_IMPORT_STAGES = {"__init__", "__main__", "cli", "pipeline", "commands", "demo", "web"}


def test_every_core_module_is_under_the_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (core,) = [contract for contract in config["contracts"] if contract["name"].startswith("The core")]
    packages = {path.parent.name for path in (ROOT / "kobunko").glob("*/__init__.py") if not path.parent.is_symlink()}
    modules = ({path.stem for path in (ROOT / "kobunko").glob("*.py")} | packages) - MAY_IMPORT_STAGES
    assert set(core["source_modules"]) == {f"kobunko.{name}" for name in modules}


def test_the_command_line_starts_without_what_reads_documents() -> None:
    """Each of them takes long to load, and most commands need none."""
    heavy = "{'pymupdf', 'pdfplumber', 'scipy', 'pandas', 'numba', 'onnxruntime', 'scrapy', 'datasets', 'matplotlib'}"
    code = f"import sys, kobunko.cli; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
