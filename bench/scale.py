"""How long a large corpus takes, day by day: which part is saturated first, and what more of it would buy.

    python -m bench.scale [--pdfs 30e6] [--hosts 3000] [--cores 64] [--ocr-cores 256] [--gpus 0] …

Nothing is measured here: the costs are those of docs/measurements.md (two cores, no GPU), and every figure of another
kind is an option that says so. Documents are spread over hosts as web sites are, the n-th largest with 1/n of the
largest; each host gives what politeness allows in a day, and what came is read and recognised as the machines allow.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400


@dataclass(frozen=True)
class Plan:
    """Sizes of the corpus and of the installation, and costs per page."""

    pdfs: float
    pages_per_pdf: float
    hosts: int
    per_host_per_day: float  # documents that politeness allows
    cores: float
    ocr_cores: float
    gpus: float
    ocr_share: float  # of pages
    cpu_s_per_page: float  # all stages but OCR
    ocr_cpu_s_per_page: float
    ocr_pages_per_gpu_s: float
    mb_per_pdf: float


@dataclass(frozen=True)
class Day:
    """How much was done by the end of a day, as shares of the whole."""

    number: int
    crawled: float
    read: float
    recognised: float


def host_sizes(plan: Plan) -> NDArray[np.float64]:
    weights = 1 / np.arange(1, plan.hosts + 1, dtype=np.float64)
    sizes: NDArray[np.float64] = weights * (plan.pdfs / weights.sum())
    return sizes


def simulate(plan: Plan, limit: int = 36_500) -> list[Day]:
    """Days until everything is done (or `limit`): crawl, then stages, then OCR, each with a queue before it."""
    sizes = host_sizes(plan)
    pages = plan.pdfs * plan.pages_per_pdf
    read_a_day = plan.cores * DAY / plan.cpu_s_per_page
    ocr_a_day = plan.ocr_cores * DAY / plan.ocr_cpu_s_per_page + plan.gpus * DAY * plan.ocr_pages_per_gpu_s
    days: list[Day] = []
    read, recognised = 0.0, 0.0
    while len(days) < limit and (not days or days[-1].recognised < 1 - 1e-9):
        number = len(days) + 1
        crawled = np.minimum(sizes, plan.per_host_per_day * number).sum() * plan.pages_per_pdf
        read = min(crawled, read + read_a_day)
        recognised = min(read * plan.ocr_share, recognised + ocr_a_day)
        days.append(Day(number, crawled / pages, read / pages, recognised / (pages * plan.ocr_share)))
    return days


def first_full(days: list[Day], part: str, share: float) -> str:
    return next((f"{day.number:,}" for day in days if getattr(day, part) >= share - 1e-9), f"> {len(days):,}")


def report(plan: Plan) -> str:
    days = simulate(plan)
    pages = plan.pdfs * plan.pages_per_pdf
    lines = [
        f"{plan.pdfs:,.0f} PDFs, {pages:,.0f} pages, {plan.pdfs * plan.mb_per_pdf / 1e6:,.0f} TB raw",
        f"largest host: {host_sizes(plan)[0]:,.0f} PDFs of {plan.hosts:,} hosts",
        f"stages: {pages * plan.cpu_s_per_page / 3600:,.0f} core hours",
        f"OCR: {pages * plan.ocr_share:,.0f} pages, {pages * plan.ocr_share * plan.ocr_cpu_s_per_page / 3600:,.0f} "
        f"core hours or {pages * plan.ocr_share / plan.ocr_pages_per_gpu_s / 3600:,.0f} GPU hours",
        "",
        "| done by day | 50 % | 90 % | 99 % | all |",
        "|---|---|---|---|---|",
    ]
    for part in ("crawled", "read", "recognised"):
        cells = (first_full(days, part, share) for share in (0.5, 0.9, 0.99, 1.0))
        lines.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value, told in (
        ("pdfs", 30e6, "documents"),
        ("pages-per-pdf", 500 / 30, "pages of one"),
        ("hosts", 3000, "web hosts (an assumption)"),
        ("per-host-per-day", DAY / 5, "documents that politeness allows"),
        ("cores", 64, "for the stages"),
        ("ocr-cores", 256, "for OCR"),
        ("gpus", 0, "for OCR"),
        ("ocr-share", 330 / 2803, "of pages, as in the 548 documents"),
        ("cpu-s-per-page", 0.0, "of all stages but OCR; 0: as measured"),
        ("ocr-cpu-s-per-page", 5.3, "as measured"),
        ("ocr-pages-per-gpu-s", 5.0, "published figures of others: not measured here"),
        ("mb-per-pdf", 0.5, "raw, at 0.03 MB a page as in 179 PDFs"),
    ):
        parser.add_argument(f"--{name}", type=float, default=value, help=f"{told} ({value:g})")
    found = vars(parser.parse_args())
    found["hosts"] = int(found["hosts"])
    found["cpu_s_per_page"] = found["cpu_s_per_page"] or MEASURED
    print(report(Plan(**found)))


MEASURED = 66.4 / 2803 + (16.4 + 7.0 + 21.5 + 89.7 + 8.5) / 2175  # CPU seconds a page: docs/measurements.md


if __name__ == "__main__":
    main()
