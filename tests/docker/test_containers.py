"""What runs in production is linted by the tools of its own kind, and installed by the same script as here."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from kobunko.metrics import write_metrics

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


def check(*command: str | Path, **env: str) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=os.environ | env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_images_pass_the_linter(name: str) -> None:
    check(Path(sys.executable).parent / "hadolint", DOCKER / name)


@needs("shellcheck")
@pytest.mark.parametrize("path", [DOCKER / "install.sh", ROOT / ".ci" / "run"], ids=["install", "ci"])
def test_scripts_pass_the_linter(path: Path) -> None:
    check("shellcheck", path)


@needs("docker-compose")
@pytest.mark.parametrize("override", ["", "compose.gpu.yaml", "compose.ray.yaml"])
def test_compose_files_are_understood(override: str) -> None:
    files = [part for name in ("compose.yaml", override) if name for part in ("--file", DOCKER / name)]
    found = yaml.safe_load(check("docker-compose", *files, "config", POSTGRES_PASSWORD="secret"))
    assert {"nightly", "web", "catalogue"} <= set(found["services"])
    assert all(found["services"][name]["read_only"] for name in ("nightly", "web"))


def test_a_driver_of_ray_reaches_its_catalogue_and_has_ray() -> None:
    """On the network of its machine no service has a name; and the images hold what the override starts."""
    override = yaml.safe_load((DOCKER / "compose.ray.yaml").read_text())["services"]
    assert override["nightly"]["network_mode"] == "host"
    assert "@127.0.0.1/" in override["nightly"]["environment"]["KOBUNKO__CATALOGUE"]
    assert override["catalogue"]["ports"] == ["127.0.0.1:5432:5432"]
    assert all(override[name]["read_only"] for name in ("ray-head", "ray-worker"))
    assert "extras=${2:-postgres,ray" in (DOCKER / "install.sh").read_text()
    assert "postgres,ray" in (DOCKER / "Dockerfile.gpu").read_text()


@needs("docker-compose")
def test_no_password_has_a_default() -> None:
    env = {name: value for name, value in os.environ.items() if name != "POSTGRES_PASSWORD"}
    command = ["docker-compose", "--file", str(DOCKER / "compose.yaml"), "config"]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode != 0
    assert "POSTGRES_PASSWORD" in done.stderr


def test_the_cron_job_is_valid_and_never_overlaps_itself() -> None:
    manifests = list(yaml.safe_load_all((DOCKER / "k8s" / "nightly.yaml").read_text()))
    for manifest in manifests:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    spec = manifests[0]["spec"]
    assert (spec["timeZone"], spec["concurrencyPolicy"]) == ("Asia/Tokyo", "Forbid")


@needs("systemd-analyze")
@pytest.mark.parametrize("path", sorted((DOCKER / "systemd").iterdir()), ids=lambda path: path.name)
def test_units_are_valid(path: Path, tmp_path: Path) -> None:
    """With a command that exists here in the place of the installed one, because systemd looks for it."""
    for unit in (DOCKER / "systemd").iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/kobunko/bin/kobunko", sys.executable))
    check("systemd-analyze", "verify", "--man=no", tmp_path / path.name)


@needs("promtool")
def test_alert_rules_are_valid() -> None:
    check("promtool", "check", "rules", DOCKER / "monitoring" / "alerts.yaml")


def exported(home: Path) -> set[str]:
    """Names of all metrics that a job writes."""
    facts = {"kind": "nightly", "state": "done", "broken": []}
    write_metrics(home, facts)
    return set(re.findall(r"# TYPE (\w+)", (home / "kobunko-nightly.prom").read_text()))


@pytest.mark.parametrize("name", ["alerts.yaml", "grafana.json"])
def test_dashboard_and_alerts_speak_of_metrics_that_there_are(name: str, tmp_path: Path) -> None:
    used = set(re.findall(r"kobunko_batch_\w+", (DOCKER / "monitoring" / name).read_text()))
    assert used
    assert used <= exported(tmp_path)


def test_the_production_install_brings_the_models(tmp_path: Path) -> None:
    """The last line of the script by itself; the whole script runs in the slow test."""
    last = (ROOT / "docker" / "install.sh").read_text().splitlines()[-1]
    check("sh", "-eu", "-c", last, prefix=str(tmp_path), python=sys.executable)
    assert list(tmp_path.glob("models/*/*/inference.onnx"))


@pytest.mark.slow
def test_the_production_install_works_from_any_folder(tmp_path: Path) -> None:
    """The same script as in the images, then the commands that containers start with. Needs a package index."""
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns(".venv", ".git", "build", "*.egg-info", ".*_cache", "demo-home")
    shutil.copytree(ROOT, tree, symlinks=True, ignore=ignored)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # which would block the index
    subprocess.run([tree / "docker" / "install.sh", tmp_path / "opt"], check=True, env=env)
    shutil.rmtree(tree)
    kobunko = [str(tmp_path / "opt" / "bin" / "kobunko"), "--home", str(tmp_path / "data")]
    models = str(tmp_path / "opt" / "models")
    found = json.loads(check(*kobunko, "doctor", "--json", KOBUNKO__RUN__FREE_GB="0", KOBUNKO_MODELS=models))
    assert all(item["ok"] for item in found["checks"])
    done = json.loads(check(*kobunko, "demo", "--json", KOBUNKO_MODELS=models))
    assert done["built"]
