"""Maps the top-level stage folders into the one import package `kobunko`.

The folders stand at the top of the repository, yet install as `kobunko.extract`, `kobunko.ocr`, …, so that
nothing named `extract` or `publish` lands in anybody's site-packages. `find_packages` is used instead of a
hand-written list because a list forgets sub-packages in the wheel.
"""

from setuptools import find_packages, setup

FOLDERS = ["crawlers", "extract", "ocr", "dedup", "licensing", "publish", "seeds"]

packages = ["kobunko", *(f"kobunko.{name}" for name in find_packages("kobunko") if name.split(".")[0] not in FOLDERS)]
package_dir = {"kobunko": "kobunko"}
for folder in FOLDERS:
    package_dir[f"kobunko.{folder}"] = folder
    packages += [f"kobunko.{folder}", *(f"kobunko.{folder}.{name}" for name in find_packages(folder))]

setup(
    packages=packages,
    package_dir=package_dir,
    package_data={
        "kobunko": ["py.typed", "migrations/*", "migrations/versions/*.py", "demo/**/*", "templates/*"],
        "kobunko.web": ["templates/*", "static/*", "words.toml"],
        "kobunko.seeds": ["*.toml"],
        "kobunko.licensing": ["rules/*.toml", "rules/*.txt"],
        "kobunko.dedup": ["*.cu"],
        "kobunko.publish": ["templates/*"],
        "kobunko.ocr": ["*.txt"],
    },
)
