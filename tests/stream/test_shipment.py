"""The engine's final file goes after its curves, and the stream's end after it; or it does not."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import pytest

from hazard_store.settings import Settings
from hazard_store.streamed import Stream, StreamFile
from tests.support.eventually import eventually
from tests.support.played_engine import FILE, ROOT, Master
from tests.support.s3_place import REGION, S3Place

ALL = ("take 0", "take 1", "take 2", "complete")
SHIPPED = "calculation.hdf5"
# A file of 3 bytes goes to an inbox that takes all but files.
REFUSED = """
import json, sys
from pathlib import Path
from hazard_store_stream import shipment
from hazard_store_stream.hand_over import HandOver

class Inbox:
    end = None
    def put(self, name, content):
        self.end = json.loads(content)
    def put_file(self, name, path, on_bytes):
        raise PermissionError(f"{name} is refused")

inbox = Inbox()
shipment._closed = lambda path: 3
hand_over = HandOver("s3://inbox/streams/A/R", inbox, "A", "R", give_up_s=0)
reason = hand_over.end(None, Path(sys.argv[1]))
print(json.dumps({"reason": reason, "end": inbox.end, "shipped": hand_over.shipped}))
"""
PROGRESS = """
import sys
from hazard_store_stream.shipment import Progress
clock = iter([0, 0, 4, 10, 10, 11, 11])
progress = Progress("calc_1.hdf5", 4_000_000, lambda: next(clock))
for _ in range(4):
    progress.advance(1_000_000)
"""


def names(file: Path) -> dict[str, Any]:
    """Return how an end names a file that was shipped."""
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"name": SHIPPED, "size": len(content), "sha256": digest}


def ran(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "stream")},
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_file_is_there_before_the_end_that_names_it(tmp_path: Path):
    with Master(tmp_path, ships=FILE) as master:
        master.do(*ALL)
        assert eventually(lambda: sum(name.endswith(".hsc") for name in master.files()) == 3)
        assert "end.json" not in master.files(), "the file is still to come"
        state = master.do("ship", "close")
    assert (None, True) == (state["reason"], state["shipped"])
    end, files = master.end(), master.files()
    assert ("complete", names(FILE)) == (end["ended"], end["file"])
    assert FILE.read_bytes() == files[SHIPPED].read_bytes()
    assert files[SHIPPED].stat().st_mtime_ns <= files["end.json"].stat().st_mtime_ns
    assert not [name for name in files if name.endswith(".part")]
    StreamFile(Stream(f"{state['uri']}/manifest.json", Settings()), Settings()).close()


def test_it_goes_to_s3_in_parts_with_checksums(tmp_path: Path, s3: S3Place, s3_settings: Settings):
    """S3 takes part after part of a file that is larger than one."""
    large = tmp_path / "calc_1.hdf5"
    large.write_bytes(FILE.read_bytes() + bytes(20 << 20))
    environment = {"AWS_ENDPOINT_URL": s3.endpoint, "AWS_DEFAULT_REGION": REGION}
    inbox = f"s3://{s3.bucket}"
    with Master(tmp_path, inbox=inbox, ships=large, environment=environment) as master:
        state = master.do(*ALL, "ship", "close")
    assert state["shipped"]
    bucket, _, folder = state["uri"].removeprefix("s3://").partition("/")

    def got(name: str) -> Any:
        return s3.client.get_object(Bucket=bucket, Key=f"{folder}/{name}")["Body"].read()

    assert large.read_bytes() == got(SHIPPED)
    assert names(large) == json.loads(got("end.json"))["file"]


def test_without_it_the_end_comes_with_the_last_curve(tmp_path: Path):
    with Master(tmp_path) as master:
        master.do(*ALL)
        assert "file" not in master.end()
        assert not master.do("ship", "close")["shipped"]
    assert SHIPPED not in master.files()


@pytest.mark.parametrize("last", [("fail the engine failed: MemoryError", "close"), ("close",)])
def test_an_engine_that_fails_behind_its_curves_ships_nothing(tmp_path: Path, last: tuple[str]):
    with Master(tmp_path, ships=FILE) as master:
        state = master.do(*ALL, *last)
    assert (None, False) == (state["reason"], state["shipped"])
    end = master.end()
    assert ("complete", 3, False) == (end["ended"], len(end["chunks"]), "file" in end)


def test_nor_does_one_that_is_killed_there(tmp_path: Path):
    with Master(tmp_path, ships=FILE) as master:
        master.do(*ALL)
        master.process.kill()
        end = master.end()
    assert ("complete", 3, False) == (end["ended"], len(end["chunks"]), "file" in end)


def test_a_hand_over_that_is_killed_before_the_file_ends_the_stream(tmp_path: Path):
    with Master(tmp_path, ships=FILE) as master:
        pid = master.do(*ALL)["hand_over"]
        os.kill(pid, signal.SIGKILL)
        state = master.do("ship", "close")
    assert (True, False) == (bool(state["reason"]), state["shipped"])
    assert "was killed" in master.end()["reason"]


@pytest.mark.parametrize("what", ["still open", "open for SWMR", "not there", "no HDF5"])
def test_what_is_no_final_file_is_not_shipped(tmp_path: Path, what: str):
    """The curves are in the inbox all the same, and the stream says no more than is true."""
    file = tmp_path / "calc_1.hdf5"
    with ExitStack() as engine, Master(tmp_path, ships=file) as master:
        if what == "no HDF5":
            file.write_bytes(b"no HDF5")
        elif what != "not there":
            h5 = engine.enter_context(h5py.File(file, "w", libver="latest"))
            if what == "open for SWMR":
                h5.swmr_mode = True
        state = master.do(*ALL, "ship", "close")
    assert (None, False) == (state["reason"], state["shipped"])
    end = master.end()
    assert ("complete", 3, False) == (end["ended"], len(end["chunks"]), "file" in end)
    assert SHIPPED not in master.files()


def test_an_inbox_that_does_not_take_it_leaves_the_stream_complete(tmp_path: Path):
    (tmp_path / "calc_1.hdf5").write_bytes(b"abc")
    done = ran(REFUSED, tmp_path / "calc_1.hdf5")
    said = json.loads(done.stdout)
    assert (None, False) == (said["reason"], said["shipped"])
    assert ("complete", False) == (said["end"]["ended"], "file" in said["end"])
    assert f"{tmp_path}/calc_1.hdf5 was not sent: {SHIPPED} is refused" in done.stderr


def test_a_copy_that_breaks_off_leaves_nothing(tmp_path: Path):
    program = """
import sys
from pathlib import Path
from hazard_store_stream.destination import destination_of

def full(_):
    raise OSError(28, "No space left on device")

try:
    destination_of(sys.argv[2]).put_file("calculation.hdf5", Path(sys.argv[1]), full)
except OSError:
    print("refused")
"""
    assert "refused" in ran(program, FILE, tmp_path / "inbox").stdout
    assert [] == list((tmp_path / "inbox").iterdir())


def test_progress_is_a_line_now_and_then_and_the_last(tmp_path: Path):
    assert [
        "hazard-store-stream: calc_1.hdf5: 1.0 of 4.0 MB are sent",
        "hazard-store-stream: calc_1.hdf5: 3.0 of 4.0 MB are sent",
        "hazard-store-stream: calc_1.hdf5: 4.0 of 4.0 MB are sent",
    ] == ran(PROGRESS).stderr.splitlines()
