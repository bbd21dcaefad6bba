"""OCR beside its peers in one run: CPU seconds (or GPU throughput) and character error rates of the same pages.

    python -m bench.ocr FOLDER [--only NAME] [--device gpu --copies 50] [--rapidocr PYTHON] [--rss 300 --plot rss.png]

FOLDER holds page images `x.png`, `x.scan.jpg`, … beside `x.gt.txt`. Each candidate runs in a process of its own, one
thread, and reads the pages one by one: Kobunko, PaddleOCR with the same weights and its default settings, rapidocr
(with the interpreter that has it), Tesseract (where installed). With a GPU, Kobunko reads `copies` of all pages in
windows, and PaddleOCR the same pages one by one on the same device; GPU use is sampled with nvidia-smi. Where
onnxruntime has no CUDA, torch computes. Nothing is downloaded.

`--rss N` reads N pages with one Kobunko worker and prints (and plots) its resident memory.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.characters import as_read, error_rates

Result = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="OCR beside its peers")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--engine", default="", help="onnxruntime, paddle or torch; by default what the device allows")
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--window", type=int, default=16, help="pages under way together on a GPU")
    parser.add_argument("--rapidocr", default=os.environ.get("RAPIDOCR", ""), help="an interpreter that has it")
    parser.add_argument("--rss", type=int, default=0)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--candidate", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.engine = asked.engine or _engine_on(asked.device)
    pages = _pages(asked.folder, asked.only)
    if asked.candidate:
        json.dump(_CANDIDATES[asked.candidate](pages, asked), sys.stdout)
    elif asked.rss:
        _memory(pages, asked.rss, asked.plot)
    else:
        _compare(pages, asked)


def _pages(folder: Path, only: str) -> list[tuple[Path, Path]]:
    found = [
        (path, path.with_name(path.name.split(".")[0] + ".gt.txt"))
        for path in sorted(folder.glob("*"))
        if path.suffix in (".png", ".jpg") and only in path.name
    ]
    found = [(path, truth) for path, truth in found if truth.is_file()]
    if not found:
        sys.exit(f"{folder} holds no page image with a transcription beside it (x.png and x.gt.txt)")
    return found


def _engine_on(device: str) -> str:
    """The engine that can compute on a device."""
    import onnxruntime

    return (
        "onnxruntime"
        if device == "cpu" or "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        else "torch"
    )


def _compare(pages: list[tuple[Path, Path]], asked: argparse.Namespace) -> None:
    names = ["kobunko", "paddleocr"]
    if asked.device == "cpu":
        names += [*(["rapidocr"] if asked.rapidocr else []), *(["tesseract"] if shutil.which("tesseract") else [])]
    results = {name: _run(name, asked) for name in names}
    seconds = "cpu" if asked.device == "cpu" else "wall"
    table = Table("page", *(f"{name}: CER / free / {seconds} s" for name in names))
    for path, _ in pages:
        cells = [results[name]["pages"][path.name] for name in names]
        table.add_row(path.name, *(f"{c['strict']:.2f} / {c['free']:.2f} / {c[seconds]:.1f}" for c in cells))
    Console(width=180).print(table)
    ours = results["kobunko"]
    for name in names:
        found = results[name]
        print(
            f"{name}: {found['seconds']:.1f} {seconds}-s in all, {found['seconds'] / found['count']:.2f} a page, "
            f"{found['seconds'] / found['count'] / (ours['seconds'] / ours['count']):.2f} times ours, "
            f"peak {found['peak_mb']} MB, {json.dumps(found.get('extra', {}))}"
        )


def _run(name: str, asked: argparse.Namespace) -> Result:
    python = asked.rapidocr if name == "rapidocr" else sys.executable
    paths = [os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])]
    if name == "rapidocr":
        paths += [item for item in sys.path if "site-packages" in item]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [python, "-m", "bench.ocr", *sys.argv[1:], "--candidate", name]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    found: Result = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(pages: list[tuple[Path, Path]], read: Any) -> Result:
    """Pages read one by one by `read(path) -> text`, after one that is not counted."""
    read(pages[0][0])
    found, total = {}, 0.0
    for path, truth in pages:
        cpu, wall = _cpu(), time.perf_counter()
        text = read(path)
        cpu, wall = _cpu() - cpu, time.perf_counter() - wall
        strict, free = error_rates(truth.read_text(), text)
        found[path.name] = {"strict": strict, "free": free, "cpu": cpu, "wall": wall}
        total += cpu
    return {"pages": found, "seconds": total, "count": len(pages), "peak_mb": _peak()}


def _cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _peak() -> int:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) >> 10


def _image(path: Path) -> Any:
    from kobunko.ocr.render import page_image
    from kobunko.records import Blob

    return page_image(Blob("", "", "", "", path.read_bytes()), 1)


def _kobunko(pages: list[tuple[Path, Path]], asked: argparse.Namespace) -> Result:
    from kobunko.ocr.page import compose
    from kobunko.ocr.read import load_reader
    from kobunko.settings import OcrSettings

    def text_of(reading: Any) -> str:
        page = compose(reading, 1)
        return as_read(page.text, page.lines)

    if asked.device == "cpu":
        reader = load_reader(OcrSettings(engine=asked.engine))
        return _measured(pages, lambda path: text_of(next(reader.read([_image(path)]))))
    settings = OcrSettings(engine=asked.engine, device=asked.device, pages=asked.window, lines=64)
    reader = load_reader(settings)
    work = [path for path, _ in pages] * asked.copies
    list(reader.read(map(_image, work[: len(pages)])))  # kernels are planned on the first pages
    parts = _timed(reader._engine)
    with _Gpu() as gpu:
        started = time.perf_counter()
        readings = list(reader.read(map(_image, work)))
        wall = time.perf_counter() - started
    each = wall / len(work)
    found = {}
    for (path, truth), reading in zip(pages, readings, strict=False):
        strict, free = error_rates(truth.read_text(), text_of(reading))
        found[path.name] = {"strict": strict, "free": free, "cpu": 0.0, "wall": each}
    extra = {"engine": asked.engine, "pages/s": len(work) / wall, "GPU use %": gpu.mean, "seconds of parts": parts}
    return {"pages": found, "seconds": wall, "count": len(work), "peak_mb": _peak(), "extra": extra}


def _timed(engine: Any) -> dict[str, float]:
    """Seconds that the steps of an engine take from now on; they overlap, so their sum may exceed the time."""
    spent: dict[str, float] = {}

    def timed(name: str, step: Any) -> Any:
        def call(*arguments: Any) -> Any:
            started = time.perf_counter()
            result = step(*arguments)
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - started
            return result

        return call

    for name in ("orientations", "detect", "cut", "recognise"):
        setattr(engine, name, timed(name, getattr(engine, name)))
    return spent


def _paddleocr(pages: list[tuple[Path, Path]], asked: argparse.Namespace) -> Result:
    """The stock pipeline with its default settings and its whole dictionary, as far as there are weights: pages are
    turned, as we turn them, and neither unwarped nor is each line turned."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    from kobunko.ocr.building import build_models
    from kobunko.ocr.engines.paddle import any_opencv, put_on
    from kobunko.ocr.models import folders, models_folder
    from kobunko.settings import OcrSettings

    with any_opencv():
        from paddleocr import PaddleOCR

    where = folders(OcrSettings(recogniser="full"), build_models(models_folder()))
    tasks = (
        ("text_detection", "detector"), ("text_recognition", "recogniser"), ("doc_orientation_classify", "orientation")
    )  # fmt: skip
    models = {f"{task}_model_name": where[at].model for task, at in tasks}
    models |= {f"{task}_model_dir": str(where[at].folder) for task, at in tasks}
    gpu = asked.device != "cpu" and asked.engine != "torch"
    runtime = {"device": asked.device if gpu else "cpu", "engine": asked.engine if gpu else "onnxruntime"}
    if not gpu:
        runtime["engine_config"] = {"intra_op_num_threads": 1}
    without = {"use_doc_unwarping": False, "use_textline_orientation": False}
    ocr = PaddleOCR(use_doc_orientation_classify=True, **without, **models, **runtime)
    if asked.device != "cpu" and asked.engine == "torch":
        pipeline = ocr.paddlex_pipeline._pipeline
        put_on(pipeline.text_det_model, where["detector"], asked.device)
        put_on(pipeline.text_rec_model, where["recogniser"], asked.device)
        put_on(pipeline.doc_preprocessor_pipeline.doc_ori_classify_model, where["orientation"], asked.device)

    def read(path: Path) -> str:
        (found,) = ocr.predict(_image(path)[:, :, ::-1].copy())
        return "".join(found["rec_texts"])

    found = _measured(pages, read)
    if asked.device != "cpu":
        found["seconds"] = sum(page["wall"] for page in found["pages"].values())
    return found


def _rapidocr(pages: list[tuple[Path, Path]], asked: argparse.Namespace) -> Result:  # noqa: ARG001
    from rapidocr import RapidOCR

    engine: Any = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "error"})
    return _measured(pages, lambda path: "".join(engine(str(path)).txts or ()))


def _tesseract(pages: list[tuple[Path, Path]], asked: argparse.Namespace) -> Result:  # noqa: ARG001
    def read(path: Path) -> str:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "out"
            command = ["tesseract", str(path), str(target), "-l", "jpn_vert" if "vertical" in path.name else "jpn"]
            if "vertical" in path.name:
                command += ["--psm", "5"]
            subprocess.run(command, check=True, capture_output=True)
            return target.with_suffix(".txt").read_text()

    return _measured(pages, read)


_CANDIDATES = {"kobunko": _kobunko, "paddleocr": _paddleocr, "rapidocr": _rapidocr, "tesseract": _tesseract}


class _Gpu:
    """Mean use of the GPU in percent, sampled twice a second by nvidia-smi."""

    def __enter__(self) -> "_Gpu":
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "500"]
        self._process = subprocess.Popen(query, stdout=subprocess.PIPE, text=True) if shutil.which(query[0]) else None
        self.mean = float("nan")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            values = [float(line) for line in self._process.communicate()[0].split() if line.strip().isdigit()]
            self.mean = sum(values) / max(1, len(values))


def _memory(pages: list[tuple[Path, Path]], count: int, plot: Path | None) -> None:
    from kobunko.ocr.read import load_reader
    from kobunko.settings import OcrSettings

    reader = load_reader(OcrSettings())
    resident = []

    def images() -> Iterator[Any]:
        for path, _ in islice(cycle(pages), count):
            yield _image(path)

    for _ in reader.read(images()):
        fields = Path("/proc/self/statm").read_text().split()
        resident.append(int(fields[1]) * os.sysconf("SC_PAGE_SIZE") >> 20)
    print(
        f"{count} pages: resident memory {resident[len(resident) // 10]} MB after a tenth, {resident[-1]} MB at the end"
    )
    print(f"highest {max(resident)} MB, peak within a page {_peak()} MB")
    if plot is not None:
        _draw(resident, plot)


def _draw(values: list[int], path: Path) -> None:
    """A line from left to right, 0 to the next 500 MB."""
    from PIL import Image, ImageDraw

    top = -(-max(values) // 500) * 500
    image = Image.new("RGB", (900, 400), "white")
    draw = ImageDraw.Draw(image)
    for level in range(0, top + 1, 250):
        y = 380 - 360 * level / top
        draw.line((60, y, 890, y), fill="lightgrey")
        draw.text((8, y - 6), f"{level} MB", fill="black")
    step = 830 / max(1, len(values) - 1)
    draw.line([(60 + step * n, 380 - 360 * value / top) for n, value in enumerate(values)], fill="red", width=2)
    draw.text((60, 384), f"{len(values)} pages", fill="black")
    image.save(path)


if __name__ == "__main__":
    main()
