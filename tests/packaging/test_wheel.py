"""The wheel holds the whole package: built, installed in a clean environment, and every module imported from there."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("crawlers", "extract", "ocr", "dedup", "licensing", "publish", "seeds")
IMPORT_ALL = """
import importlib, pkgutil, warnings
warnings.simplefilter("ignore")  # what other packages warn of at import is not our affair
import kobunko
from pathlib import Path
names = [m.name for m in pkgutil.walk_packages(kobunko.__path__, "kobunko.")]
for name in names:
    if name != "kobunko.__main__" and not name.startswith("kobunko.migrations"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != "torch":  # an engine that an operator may add; no extra of ours brings it
                raise
print(kobunko.__file__)
print(len(names))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"  # of its own, because what an earlier build left in `build/` would go into the wheel
    shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info", "demo-home"))
    command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(tree)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True, timeout=180)
    (path,) = folder.glob("*.whl")
    return path


def sources() -> set[str]:
    found = {f"kobunko/{path.relative_to(ROOT / 'kobunko')}" for path in (ROOT / "kobunko").rglob("*.py")}
    for folder in FOLDERS:
        found |= {f"kobunko/{path.relative_to(ROOT)}" for path in (ROOT / folder).rglob("*.py")}
    return found


def test_no_module_and_no_seed_is_forgotten(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert sources() <= names
    assert {f"kobunko/seeds/{path.name}" for path in (ROOT / "seeds").glob("*.toml")} <= names
    assert "kobunko/migrations/script.py.mako" in names
    assert not [name for name in names if name.split("/")[0] in FOLDERS]


def test_every_module_can_be_imported_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean", with_pip=False, symlinks=True)
    python = tmp_path / "clean" / "bin" / "python"
    site = next((tmp_path / "clean" / "lib").glob("python3*")) / "site-packages"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)
    # Dependencies are borrowed from here as a plain path, which does not bring the editable install along.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    done = subprocess.run(
        [str(python), "-c", IMPORT_ALL], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr
    place, count = done.stdout.split()[-2:]
    assert place.startswith(str(site))
    assert int(count) > 60
