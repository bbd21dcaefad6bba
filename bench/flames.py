"""Stacks as py-spy samples them (`--format raw`): what share each package has, and a flame graph of all of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot

Stacks = Mapping[tuple[str, ...], int]
_FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^()]*?)(?::\d+)?\)$")
_OWN = ("kobunko/", "crawlers/", "extract/", "ocr/", "dedup/", "licensing/", "publish/")
_IDLE = ("wait", "poll", "select", "recv", "_recv", "read_bytes", "sleep", "acquire", "accept")
_IN_WORKER = "_answer (kobunko/workers.py)"
_SMALLEST = 0.004  # share of all samples below which nothing is drawn
_DEEPEST = 28
_LISTED = 12


def read_stacks(path: Path) -> dict[tuple[str, ...], int]:
    """Samples by stack, outermost frame first: lines of one function are one frame, workers are one, and what every
    stack has (the interpreter's start, the import system) is left out."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [_frame(name) for name in stack.split(";") if not name.startswith(("process ", "thread "))]
        if frames and frames[-1].split(" ")[0] not in _IDLE:
            found[_told(frames)] += int(count)
    return dict(found)


def _told(frames: Sequence[str]) -> tuple[str, ...]:
    """A stack under the name of what its process was doing."""
    names = [frame.split(" ")[0] for frame in frames]
    if _IN_WORKER in frames:
        rest, place = frames[frames.index(_IN_WORKER) + 1 :], "worker: documents"
    elif "spawn_main" in names:
        rest, place = frames[names.index("spawn_main") + 1 :], "worker: start"
    else:
        rest, place = frames, "main process"
    return place, *(frame for frame in rest if "(<" not in frame)


def _frame(name: str) -> str:
    """`function (file)`, without the line."""
    match = _FRAME.match(name)
    return f"{match['function']} ({match['file']})" if match else name


def package(frame: str) -> str:
    """Whose code a frame is: `kobunko`, or the top folder of what is installed."""
    match = _FRAME.match(frame)
    file = match["file"] if match else ""
    if file.startswith(_OWN) or "/kobunko/" in file:
        return "kobunko"
    return file.split("/")[0] if "/" in file else "Python"


def shares(stacks: Stacks) -> list[str]:
    """A table of the packages whose code ran innermost. Native code counts to the Python function that called it."""
    total = sum(stacks.values())
    by_package: Counter[str] = Counter()
    for stack, count in stacks.items():
        by_package[package(stack[-1])] += count
    lines = ["| package that ran innermost (native code counts to its caller) | share of samples |", "|---|---:|"]
    return lines + [f"| {name} | {100 * n / total:.1f} % |" for name, n in by_package.most_common(_LISTED)]


def draw(stacks: Stacks, path: Path) -> None:
    """The flame graph as a picture: widths are shares of CPU, our own code is blue, libraries are orange."""
    figure, axes = pyplot.subplots(figsize=(16, 9), dpi=100)
    total = sum(stacks.values())
    for depth, left, width, frame in _boxes([(stack, count) for stack, count in sorted(stacks.items())], 0, 0, total):
        own = package(frame) == "kobunko"
        axes.barh(depth, width / total, left=left / total, height=0.94, color="#8db7e0" if own else "#f2c48d")
        room = int(width / total * 190)
        if room > 3:
            axes.text(left / total + 0.001, depth, frame[:room], va="center", ha="left", fontsize=6, clip_on=True)
    axes.set_xlim(0, 1)
    axes.set_axis_off()
    axes.set_title("CPU samples by call stack: kobunko blue, libraries orange")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
    pyplot.close(figure)


def _boxes(
    stacks: Sequence[tuple[tuple[str, ...], int]], depth: int, left: int, total: int
) -> Iterator[tuple[int, int, int, str]]:
    """`(depth, left, width, frame)` of everything that is wide enough."""
    if depth == _DEEPEST:
        return
    groups: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for stack, count in stacks:
        if len(stack) > depth:
            groups[stack[depth]].append((stack, count))
    for frame, members in sorted(groups.items(), key=lambda item: -sum(count for _, count in item[1])):
        width = sum(count for _, count in members)
        if width >= _SMALLEST * total:
            yield depth, left, width, frame
            yield from _boxes(members, depth + 1, left, total)
        left += width
