"""A sample set from import to release: documents and pages per CPU second by stage, memory, the pipeline's own cost.

    python -m bench.e2e SAMPLES [--every N] [--picture FILE] [--workers N]

Takes every Nth document of SAMPLES/import.jsonl through import, all stages, duplicates and release in a fresh home.
CPU seconds are counted where they are spent: in the record functions (reading documents: our code and the libraries
under it), in making them (loading models and vocabularies), in starting Python and importing libraries in each worker,
and in everything else (scheduling, moving tables between processes, WARC, side-cars, catalogue), which is the
pipeline's own overhead. The run goes under py-spy, whose samples become the picture.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.flames import draw, read_stacks, shares
from bench.timed import Timed, noted
from kobunko import pipeline
from kobunko.corpus import Corpus
from kobunko.executors import Processes, read_part
from kobunko.home import open_home
from kobunko.importing import import_files, rows_of_list
from kobunko.running import run_stages
from kobunko.settings import load_settings

RATE = 50  # samples of the stack a second
LIMIT = 0.15  # of the CPU that the pipeline itself may take
# No `-m`: workers would load the main module again.
INSIDE = "import sys; from bench.e2e import inside; inside(*sys.argv[1:])"


def inside(folder: str, workers: str) -> None:
    """Takes the documents of a home to a release, in this process and its workers; prints CPU seconds and counts."""
    home = Path(folder)
    log = home / "timed"
    log.mkdir()
    found: dict[str, Any] = {"main": {}}
    with open_home(load_settings(home)) as place:
        began = time.process_time()
        import_files(place, "bench", rows_of_list(home / "import.jsonl"), lambda _: None)
        found["main"]["import"] = time.process_time() - began
        timed = [replace(stage, make=Timed(stage.name, stage.make, log)) for stage in pipeline.stages(place)]
        corpus = Corpus(place.catalogue, place.settings.stages, timed)
        began, clock = time.process_time(), time.monotonic()
        engine = Processes(partial(read_part, place.settings.raw), int(workers))
        found["stages"] = {
            name: summary.as_json()
            for name, summary in run_stages(corpus, list(corpus.stages), engine, place.settings.run).items()
        }
        engine.close()
        found["main"]["stages"] = time.process_time() - began
        found["clock"] = time.monotonic() - clock
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        found["workers"] = children.ru_utime + children.ru_stime
        began = time.process_time()
        info = pipeline.build_release(place, "bench", "internal")
        found["main"]["release"] = time.process_time() - began
        found["rows"] = info.documents
    print(json.dumps(found | {"timed": noted(log)}))


class Memory:
    """Peaks of resident memory of a process and of everything under it, sampled while it runs."""

    def __init__(self, pid: int) -> None:
        self.main, self.worker, self.together = 0.0, 0.0, 0.0
        self._pid = pid
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while Path(f"/proc/{self._pid}").exists():
            now: dict[int, tuple[float, float, bool]] = dict(_resident(self._pid))
            self.together = max([self.together, sum(size for size, _, _ in now.values())])
            self.main = max([self.main, *(peak for _, peak, is_worker in now.values() if not is_worker)])
            self.worker = max([self.worker, *(peak for _, peak, is_worker in now.values() if is_worker)])
            time.sleep(0.2)


def _resident(pid: int) -> Iterator[tuple[int, tuple[float, float, bool]]]:
    """MB that a process and those under it hold now and held at most, and whether it is a worker; py-spy left out."""
    try:
        told, command = Path(f"/proc/{pid}/status").read_text(), Path(f"/proc/{pid}/cmdline").read_bytes()
        tasks = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return
    is_worker = b"spawn_main" in command
    if "VmRSS" in told and (is_worker or (b"bench.e2e" in command and b"py-spy" not in command)):
        size, peak = (int(told.split(f"{name}:")[1].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        yield pid, (size, peak, is_worker)
    for child in " ".join(tasks).split():
        yield from _resident(int(child))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kobunko-bench-") as scratch:
        home, stacks = Path(scratch), Path(scratch) / "stacks"
        count = _choose(asked.samples, home, asked.every)
        command = [Path(sys.executable).parent / "py-spy", "record", "--subprocesses", "--nonblocking", "--rate", RATE]
        command += ["--format", "raw", "--output", stacks, "--", sys.executable, "-c", INSIDE, home, asked.workers]
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        memory = Memory(process.pid)
        out, err = process.communicate()
        if process.returncode:
            sys.exit(err)
        facts = json.loads(next(line for line in out.splitlines() if line.startswith("{")))
        print(report(facts, memory, count, asked))
        if stacks.exists():
            found = read_stacks(stacks)
            print("\n".join(["", *shares(found)]))
            if asked.picture:
                draw(found, asked.picture)
                print(f"\n![Where the CPU seconds go]({asked.picture.parent.name}/{asked.picture.name})")


def _choose(samples: Path, home: Path, every: int) -> int:
    """The import list of every Nth document; how many they are."""
    lines = (samples / "import.jsonl").read_text(encoding="utf-8").splitlines()[::every]
    rows = [json.loads(line) for line in lines]
    whole = [json.dumps(row | {"path": str((samples / row["path"]).absolute())}) for row in rows]
    (home / "import.jsonl").write_text("\n".join(whole), encoding="utf-8")
    return len(rows)


def report(facts: Mapping[str, Any], memory: Memory, count: int, asked: argparse.Namespace) -> str:
    timed, main_cpu = facts["timed"], facts["main"]
    lines = ["| stage | documents | pages | CPU s | documents/CPU s | pages/CPU s | record functions | models |"]
    lines += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
    for name, stage in facts["stages"].items():
        cpu, own = stage["cpu_seconds"], timed.get(name, {})
        rates = [f"{stage[what] / cpu:.1f}" if cpu and stage[what] else "" for what in ("documents", "pages")]
        work, make = (f"{own.get(kind, 0.0):.1f} s" for kind in ("work", "make"))
        pages = stage["pages"] or ""
        lines.append(
            f"| {name} | {stage['documents']} | {pages} | {cpu:.1f} | {rates[0]} | {rates[1]} | {work} | {make} |"
        )
    lines += [f"| import | {count} | | {main_cpu['import']:.1f} | {count / main_cpu['import']:.1f} | | | |"]
    lines += [
        f"| release | {facts['rows']} | | {main_cpu['release']:.1f} | {facts['rows'] / main_cpu['release']:.1f} | | | |"
    ]
    return "\n".join([*lines, "", *_totals(facts, memory, count, asked)])


def _totals(facts: Mapping[str, Any], memory: Memory, count: int, asked: argparse.Namespace) -> list[str]:
    spent = {kind: sum(own.get(kind, 0.0) for own in facts["timed"].values()) for kind in ("work", "make", "start")}
    total = facts["main"]["stages"] + facts["workers"]
    overhead = total - sum(spent.values())
    pages = max(stage["pages"] for stage in facts["stages"].values())
    whole = total + facts["main"]["import"] + facts["main"]["release"]
    verdict = "holds" if overhead <= LIMIT * total else "DOES NOT HOLD"
    return [
        f"One document in {asked.every} of the set: {count} documents, {pages} pages, {asked.workers} workers.",
        f"The stages took {facts['clock']:.0f} s by the clock. From import to release a CPU second is good for",
        f"{count / whole:.2f} documents, {pages / whole:.2f} pages.",
        "",
        "| CPU of the stages | seconds | share |",
        "|---|---:|---:|",
        *(
            f"| {told} | {seconds:.1f} | {100 * seconds / total:.1f} % |"
            for told, seconds in (
                ("record functions (reading documents)", spent["work"]),
                ("loading models and vocabularies", spent["make"]),
                ("starting workers and importing libraries", spent["start"]),
                ("the pipeline itself", overhead),
                ("all", total),
            )
        ),
        "",
        f"The pipeline's own share is to be at most {LIMIT:.0%}: {verdict}.",
        "",
        f"Peak of resident memory: main process {memory.main:.0f} MB, largest worker {memory.worker:.0f} MB,",
        f"all together {memory.together:.0f} MB.",
    ]


if __name__ == "__main__":
    main()
