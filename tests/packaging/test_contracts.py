"""The import contracts cover every module of the core: a new one must be added to them."""

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
