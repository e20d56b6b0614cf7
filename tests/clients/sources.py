"""Fetches the sources of a client whose own tests are run; each is pinned by its digest.

They come from the package index, as its source distribution, and are kept in `.local/clients`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.clients.environments import KEPT

SDISTS = {
    "hazlab": (
        "nzshm-hazlab==0.1.5",
        "b56aad89e12c60dfb793259261fde019748f583a93a0abb72e48639e6a1d350a",
    ),
    "ths_079": (
        "toshi-hazard-store==0.7.9",
        "15e528a9de2c1b992abb28e51ad5e8d3d7dbad83a3283f038c08c19e44a51df9",
    ),
}


def source_of(name: str) -> Path:
    """Return the folder of a client's sources, which are fetched where they are not there.

    Raises:
        subprocess.CalledProcessError: they cannot be fetched, or they are not those of the digest.
    """
    requirement, digest = SDISTS[name]
    place = KEPT / f"{name}-source-{digest[:12]}"
    if not place.exists():
        made = place.with_suffix(".new")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        listed = made / "requirements.txt"
        listed.write_text(f"{requirement} --hash=sha256:{digest}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(made), "--requirement", str(listed)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        (archive,) = made.glob("*.tar.gz")
        with tarfile.open(archive) as files:
            files.extractall(made, filter="data")
        made.rename(place)
    (folder,) = (each for each in place.iterdir() if each.is_dir())
    return folder
