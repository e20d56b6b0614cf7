"""The engine itself streams its sample job, and what is stored is its own file, bit for bit."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from hazard_store.aws.clients import s3_client
from hazard_store.model import Kind, Status
from hazard_store.store import Store
from hazard_store.streamed import StreamEnded
from hazard_store.workflow.audit import audit
from hazard_store.workflow.remove import remove
from local.stack import LocalStack
from tests.clients.environments import python_of, reason_of
from tests.support.commands import Cli
from tests.support.engine_streams import SAMPLE_JOB, EngineStream, ended
from tests.support.loading import Silent, items_of, stored

pytestmark = pytest.mark.slow
BUCKET = "engine-streams"
# Dies when all tasks have given their curves, and before it can say so.
DYING = """
import os, sys
from hazard_store_stream import cli, stream
stream.Stream.complete = lambda self: os.kill(os.getpid(), 9)
sys.exit(cli.main())
"""


@pytest.fixture(scope="module")
def engine_python() -> Path:
    try:
        return python_of("engine_stream")
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no environment for the engine can be made here: {reason_of(error)}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: what the engine compiles is kept."""
    return tmp_path_factory.mktemp("engine")


def items(store: Store) -> list[object]:
    return [items_of(store, store.table(kind)) for kind in Kind]


@pytest.mark.parametrize("distribute", ["no", "processpool"])
def test_every_stored_curve_is_that_of_the_engines_file(
    engine_python: Path,
    home: Path,
    tmp_path: Path,
    embedded_aws: LocalStack,
    store: Store,
    distribute: str,
):
    """While the engine runs, its stream is followed from S3 to publication."""
    run = EngineStream(
        engine_python,
        home / distribute,
        f"s3://{BUCKET}",
        f"S-{distribute}",
        {**embedded_aws.client_environment, "OQ_DISTRIBUTE": distribute, "OQ_NUM_CORES": "2"},
    )
    run.home.mkdir()
    s3_client(store.settings).create_bucket(Bucket=BUCKET)
    process = run.start()
    manifest = run.wait_for_manifest(store.settings)
    loaded = stored(store, manifest, calc_id=run.calc_id)
    code, said = ended(process)
    assert 0 == code, said
    assert Status.PUBLISHED is loaded.head.status
    file = run.calc_file()
    report = audit(store, run.calc_id, str(file), None, Silent())
    assert (True, True) == (report.passed, report.with_file)
    streamed = items(store)
    assert stored(store, file, calc_id=run.calc_id).already_published
    remove(store, run.calc_id, "me", Silent())
    stored(store, file, calc_id=run.calc_id)
    assert items(store) == streamed


def test_the_file_is_shipped_when_the_engine_has_closed_it(
    engine_python: Path,
    home: Path,
    embedded_aws: LocalStack,
    store: Store,
    cli: Cli,
):
    """And is read by the audits, and by a repair once the chunks are gone."""
    run = EngineStream(
        engine_python, home / "ship", f"s3://{BUCKET}", "SHIP", embedded_aws.client_environment
    )
    run.home.mkdir()
    s3 = s3_client(store.settings)
    s3.create_bucket(Bucket=BUCKET)
    process = run.start("--ship")
    manifest = run.wait_for_manifest(store.settings)
    loaded = stored(store, manifest, calc_id="SHIP")
    code, said = ended(process)
    assert (0, True) == (code, "every curve and the calculation file are in" in said), said
    assert (Status.PUBLISHED, True) == (loaded.head.status, loaded.report.with_file)
    key = manifest.removeprefix(f"s3://{BUCKET}/").replace("manifest.json", "calculation.hdf5")
    shipped = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert run.calc_file().read_bytes() == shipped
    before, table = items(store), store.settings.realisations_table
    lost = {name: items_of(store, table)[0][name] for name in ("haz_sol_id", "loc_rlz_rk")}
    store.client.delete_item(TableName=table, Key=lost)
    assert 0 == cli("repair", "SHIP").code
    assert before == items(store)


@pytest.mark.parametrize("rates", ["true", "false"])
def test_the_mean_alone_is_streamed_by_whichever_way_the_engine_takes(
    engine_python: Path, home: Path, tmp_path: Path, store: Store, rates: str
):
    """With rates it takes its fast way, in which there are no realisations at any time."""
    job = tmp_path / "job" / "job.ini"
    shutil.copytree(SAMPLE_JOB.parent, job.parent)
    text = SAMPLE_JOB.read_text().replace("std = true\nquantiles = 0.05 0.16 0.5 0.84 0.95\n", "")
    job.write_text(text.replace("individual_rlzs = true", f"use_rates = {rates}"))
    run = EngineStream(engine_python, home / f"mean-{rates}", str(tmp_path / "inbox"), "MEAN")
    run.home.mkdir()
    code, said = ended(run.start(job=job))
    assert 0 == code, said
    manifest = run.wait_for_manifest(store.settings)
    assert Status.PUBLISHED is stored(store, manifest, calc_id="MEAN").head.status
    assert audit(store, "MEAN", str(run.calc_file()), None, Silent()).passed


def test_a_killed_engine_leaves_a_calculation_that_is_failed_and_can_be_removed(
    engine_python: Path, home: Path, tmp_path: Path, store: Store
):
    run = EngineStream(engine_python, home / "killed", str(tmp_path / "inbox"), "K")
    run.home.mkdir()
    process = run.start(program=("-c", DYING))
    manifest = run.wait_for_manifest(store.settings)
    assert -signal.SIGKILL == ended(process)[0]
    with pytest.raises(StreamEnded):
        stored(store, manifest, calc_id="K")
    assert Status.FAILED is store.head("K", working=True).status
    remove(store, "K", "me", Silent())
    assert [[], []] == items(store)
