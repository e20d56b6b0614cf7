"""Where exported files go: made beside their place, and put there when all are whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hazard_store.errors import BadParameter
from hazard_store.files.s3_output import S3Output
from hazard_store.files.written import written
from hazard_store.settings import Settings

S3 = "s3://"


@contextmanager
def staged(out: str, names: Iterable[str], settings: Settings) -> Iterator[Path]:
    """Give a folder to make files in; put them into `out` when the block ends well.

    Nothing is overwritten, and where the block fails nothing is left behind.

    Args:
        out: a folder, or `s3://bucket/prefix`; made where it is not there.
        names: of the files, relative to it.
        settings: region and endpoint of S3.

    Raises:
        BadParameter: one of the files is there already, or `out` cannot be a folder.
        OutputFailed: the files cannot be written.
    """
    with _to_s3(out, names, settings) if out.startswith(S3) else _to_folder(out, names) as folder:
        yield folder


@contextmanager
def _to_folder(out: str, names: Iterable[str]) -> Iterator[Path]:
    place = Path(out)
    if place.exists() and not place.is_dir():
        raise BadParameter("out", f"{out} is a file: name a folder")
    if not place.absolute().parent.is_dir():
        raise BadParameter("out", f"there is no folder {place.parent}: make it first")
    for name in names:
        _refuse_existing(place / name)
    with written(out):
        beside = place if place.is_dir() else place.absolute().parent
        made = Path(tempfile.mkdtemp(prefix=".export-", suffix=".part", dir=beside))
    try:
        with written(out):
            yield made
            files = [path for path in sorted(made.rglob("*")) if path.is_file()]
            for path in files:
                _refuse_existing(place / path.relative_to(made))
            for path in files:
                target = place / path.relative_to(made)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _to_s3(out: str, names: Iterable[str], settings: Settings) -> Iterator[Path]:
    target = S3Output(out, settings)
    target.refuse_existing(list(names))
    with written(out), tempfile.TemporaryDirectory(prefix="hazard-store-export-") as made:
        folder = Path(made)
        yield folder
        target.put({str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()})


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise BadParameter("out", f"{path} is there already: remove it, or name another place")
