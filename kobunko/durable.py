"""The one module through which durable files are made: write to a temporary name, fsync, rename, fsync the folder.

A file that exists under its final name is whole. What a crash leaves behind ends in `.tmp` and is swept at the next
start. A failed fsync is never survived: the error flies, because the kernel may have dropped the pages.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TEMPORARY = ".tmp"


def fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> Path:
    """Creates a folder and makes its name durable in its parents."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync_folder(folder.parent)
    return folder


@contextmanager
def writing(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Gives a temporary path to write to; on success its content appears under `path`, whole and synced.

    With `new` it never takes the place of another file: then `FileExistsError` flies.
    """
    make_folder(path.parent)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        if new:
            os.link(temporary, path)
            temporary.unlink()
        else:
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    with writing(path) as temporary:
        temporary.write_bytes(data)


def write_parquet(path: Path, table: pa.Table, *, new: bool = False, **options: Any) -> None:
    with writing(path, new=new) as temporary:
        pq.write_table(table, temporary, **options)


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    fsync_folder(path.parent)


def sweep(folder: Path) -> list[Path]:
    """Removes what a crash left under a temporary name. Call it only while holding the home's lock."""
    left = [path for path in sorted(folder.rglob(f"*{TEMPORARY}")) if path.is_file()]
    for path in left:
        path.unlink()
    return left
