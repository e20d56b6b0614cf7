"""The whole workflow: two at once, killed, stopped, taken over, resumed; exact in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.errors import LostOwnership, TryAgain
from hazard_store.model import IfStored, KeyScheme, Kind, Layout, Status, StoreOptions
from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves
from hazard_store.store import Store
from hazard_store.workflow import load as load_module
from hazard_store.workflow import pool
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from tests.support.calc_factory import make_calc
from tests.support.commands import command_line
from tests.support.interposed import WRITES, counting
from tests.support.laws import assert_same
from tests.support.loading import CALCS, Silent, all_items, items_of, key_of, stored
from tests.support.plain_curves import plain_calc

FILE = CALCS / "classical_rlzs_stats.hdf5"
OTHER = CALCS / "rlzs_only.hdf5"
LIMIT_S = 60


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line(*arguments),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def slow_load(store: Store, tmp_path: Path):
    """A load whose budget makes it last some seconds; returns when it is in the middle."""
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=50, r=2)

    def begun(*options: object) -> subprocess.Popen[str]:
        words = ("load", path, "A", "--max-wcu-per-s", 60, "--json", *options)
        process = start(*words, HAZARD_STORE_REQUEST_THREADS="1")
        until(lambda: items_of(store, store.settings.stats_table) or process.poll() is not None)
        assert process.poll() is None
        return process

    begun.path = path
    return begun


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name
)
def test_a_stopped_load_is_resumed(store: Store, cli, slow_load, number: signal.Signals):
    """It ends soon with "try again", shows nothing, and a resume writes only what is missing."""
    process = slow_load()
    process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=LIMIT_S)
    there = len(items_of(store, store.settings.stats_table))
    assert (-signal.SIGKILL if number is signal.SIGKILL else 75) == process.returncode
    assert time.monotonic() - began < 10
    assert 0 < there < 50 * 2
    assert out == ""
    assert "Traceback" not in err
    assert cli("curves", "A").code == 66
    if number is signal.SIGKILL:  # it could not say that it ended: it still holds the calculation
        assert cli("load", slow_load.path, "A").code == 75
        assert there == len(items_of(store, store.settings.stats_table))
    ended = cli("load", slow_load.path, "A", "--if-stored", "resume", "--json")
    assert ended.code == 0
    loaded = json.loads(ended.out)
    assert loaded["status"] == "published"
    assert there == loaded["stats"]["found"]
    assert 50 * 2 - there == loaded["stats"]["acknowledged"]
    assert 50 * 2 == loaded["stats"]["stored"]
    assert cli("audit", "A", "--calc-file", slow_load.path).code == 0


def test_a_live_load_is_taken_over(store: Store, cli, slow_load):
    """The next attempt publishes; the one before stops by itself and leaves the store alone."""
    process = slow_load()
    ended = cli("load", slow_load.path, "A", "--if-stored", "resume", "--json")
    _, err = process.communicate(timeout=LIMIT_S)
    assert ended.code == 0
    assert process.returncode == 75
    assert "Traceback" not in err
    assert store.head("A").attempt == 2
    assert store.head("A").status is Status.PUBLISHED
    assert cli("audit", "A", "--calc-file", slow_load.path).code == 0


def test_several_workers(store: Store, cli_process, tmp_path: Path):
    """Processes of their own, chunks spread over them, the same items."""
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=120, r=3)
    words = ("load", path, "A", "--json", "--key-scheme", "calc", "--sites-per-chunk", 40)
    ended = cli_process(*words, "--workers", 2)
    assert ended.code == 0, ended.err
    loaded = json.loads(ended.out)
    assert 240 == loaded["stats"]["stored"] == loaded["stats"]["acknowledged"]
    assert 120 == loaded["realisations"]["stored"]
    assert loaded["status"] == "published"


def two_at_once(store: Store, cli, calc_id: str, *options: object) -> None:
    """One publishes; the other ends 0 or 75; the store is exact."""
    processes = [start("load", FILE, calc_id, "--json", *options) for _ in range(2)]
    outs = [process.communicate(timeout=LIMIT_S) for process in processes]
    codes = sorted(process.returncode for process in processes)
    assert codes[0] == 0, outs
    assert codes[1] in (0, 75), outs
    assert store.head(calc_id).status is Status.PUBLISHED
    audited = cli("audit", calc_id, "--calc-file", FILE, "--json")
    assert audited.code == 0
    found = json.loads(audited.out)
    assert 12 == found["stats"]["stored"]
    assert 6 == found["realisations"]["stored"]


@pytest.mark.parametrize("time_over", range(3))
def test_two_loads_at_once(store: Store, cli, time_over: int):
    two_at_once(store, cli, "A")


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--if-stored", "resume")], ids=["fail", "resume"])
def test_two_loads_at_once_twenty_times(store: Store, cli, options: tuple[str, ...]):
    for number in range(20):
        two_at_once(store, cli, f"A{number}", *options)


@pytest.mark.slow
def test_two_replacements_at_once_twenty_times(store: Store, cli, monkeypatch: pytest.MonkeyPatch):
    """One switches; the other finds it done or is told who is at it; nothing of the old is left."""
    monkeypatch.setenv("HAZARD_STORE_REPLACE_GRACE_S", "0")
    for number in range(20):
        calc_id = f"A{number}"
        stored(store, OTHER, calc_id)
        words = ("load", FILE, calc_id, "--if-stored", "replace")
        processes = [start(*words) for _ in range(2)]
        outs = [process.communicate(timeout=LIMIT_S) for process in processes]
        codes = sorted(process.returncode for process in processes)
        assert codes[0] == 0, outs
        assert codes[1] in (0, 75), outs
        assert_same(plain_calc(FILE), store, calc_id)
        assert f"{calc_id}@2" == store.head(calc_id).storage_id
        audited = cli("audit", calc_id, "--calc-file", FILE, "--scan")
        assert audited.code == 0, audited.out
        assert store.heads.get(calc_id) is None


def test_the_same_file_gives_the_same_items(store: Store):
    """Nothing random and no clock in an item."""
    stored(store, FILE, "A", key_scheme=KeyScheme.CALC)
    first = {kind: items_of(store, store.table(kind)) for kind in Kind}
    for kind in Kind:
        for item in first[kind]:
            key = {name: item[name] for name in item if name.endswith(("_id", "_rk"))}
            store.client.delete_item(TableName=store.table(kind), Key=key)
    for item in items_of(store, store.settings.meta_table):
        key = {name: item[name] for name in ("haz_sol_id", "record")}
        store.client.delete_item(TableName=store.settings.meta_table, Key=key)
    stored(store, FILE, "A", key_scheme=KeyScheme.CALC)
    assert first == {kind: items_of(store, store.table(kind)) for kind in Kind}


def test_loading_again_makes_no_write_request(store: Store):
    stored(store, FILE)
    before = all_items(store)
    requests = counting(store)
    assert stored(store, FILE).already_published
    assert set() == WRITES & set(requests)
    assert before == all_items(store)


def test_a_repair_of_what_is_missing_or_wrong_by_resume(store: Store, cli):
    """A failed calculation: what is right is found, the rest is written, maps too."""
    head = begun(store, map_statistics="max")
    (chunk,) = head.calculation.chunks
    sites = chunk
    for kind in Kind:
        assert cli("write", FILE, "A", "--kind", kind, "--sites", sites).code == 0
    table = store.settings.stats_table
    items = items_of(store, table)
    one, two = [item for item in items if "lat" in item][:2]
    of_map = next(item for item in items if item["haz_sol_id"]["S"] == "A:map:max:PGA")
    for lost in (one, of_map):
        store.client.delete_item(TableName=table, Key=key_of(lost))
    store.client.put_item(TableName=table, Item={**two, "lat": {"N": "1"}})
    assert cli("audit", "A").code == 1
    loaded = stored(store, FILE, if_stored=IfStored.RESUME)
    assert (10, 2) == (loaded.report.stats.found, loaded.report.stats.acknowledged)
    assert (6, 0) == (loaded.report.realisations.found, loaded.report.realisations.acknowledged)
    assert (3, 1) == (loaded.report.maps.found, loaded.report.maps.acknowledged)
    assert loaded.head.calculation.map_statistics == ("max",)
    assert items == items_of(store, table)


def test_a_takeover_before_the_audit_is_temporary(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Who has written all and then lost the calculation ends with "try again", not with a fault."""
    mapped, phases = load_module.map_chunks, []

    def then_taken_over(*arguments):
        yield from mapped(*arguments)
        phases.append(arguments)
        if len(phases) == len(Kind):
            claim(store, plan_of(store), "other", IfStored.RESUME)

    monkeypatch.setattr(load_module, "map_chunks", then_taken_over)
    with pytest.raises(TryAgain):
        stored(store, FILE)
    head = store.head("A")
    assert ("other", 2, Status.WRITING) == (head.owner, head.attempt, head.status)


def test_a_takeover_during_the_audit_is_temporary(store: Store, monkeypatch: pytest.MonkeyPatch):
    audit = load_module.audit_chunk

    def taken_over_first(*arguments):
        claim(store, plan_of(store), "other", IfStored.RESUME)
        return audit(*arguments)

    monkeypatch.setattr(load_module, "audit_chunk", taken_over_first)
    with pytest.raises(TryAgain):
        stored(store, FILE)
    head = store.head("A")
    assert ("other", 2, Status.WRITING) == (head.owner, head.attempt, head.status)


def test_a_writer_of_an_older_attempt_stops(store: Store, cli, monkeypatch: pytest.MonkeyPatch):
    """Its container knows owner and attempt from its environment."""
    head = begun(store)
    (chunk,) = head.calculation.chunks
    claim(store, plan_of(store), "other", IfStored.RESUME)
    monkeypatch.setenv("HAZARD_STORE_OWNER", head.owner)
    monkeypatch.setenv("HAZARD_STORE_ATTEMPT", str(head.attempt))
    ended = cli("write", FILE, "A", "--kind", "stats", "--sites", chunk)
    assert LostOwnership.exit_code == 75 == ended.code
    assert [] == items_of(store, store.settings.stats_table)


def test_a_file_that_changes_meanwhile_is_bad_input(store: Store, cli, tmp_path: Path):
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=4)
    head = begun(store, path)
    (chunk,) = head.calculation.chunks
    make_calc(path, n=4, seed=1)
    ended = cli("write", path, "A", "--kind", "stats", "--sites", chunk)
    assert ended.code == 65
    assert str(path) in ended.sentence
    assert [] == items_of(store, store.settings.stats_table)
    assert cli("audit", "A", "--calc-file", path).code in (65, 73)


def test_a_calculation_without_vs30(store: Store, cli, tmp_path: Path):
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=5, vs30=None)
    assert cli("load", path, "A").code == 0
    curves = json.loads(cli("curves", "A", "--agg", "mean", "--format", "json").out)
    assert {None} == {curve["vs30"] for curve in curves}
    assert cli("audit", "A", "--calc-file", path).code == 0


@pytest.mark.parametrize("layout", list(Layout))
def test_a_calculation_of_377_imts_and_44_levels(store: Store, tmp_path: Path, layout: Layout):
    """Stores and reads back like any other, however little its curves can be compressed."""
    path = tmp_path / "calc.hdf5"
    imts = [f"SA({i / 1000:.3f})" for i in range(1, 378)]
    rng = np.random.default_rng(0)
    r = 7 if layout is Layout.PACKED else 2
    bits = rng.integers(1, 0x3F800000, (1, r, 377, 44), np.uint32)  # any float32 of 0 to 1
    bits = np.flip(np.sort(bits, axis=-1), axis=-1).copy()  # less probable with the level
    made = make_calc(
        path,
        n=1,
        r=r,
        imts=imts,
        levels=rng.random(44).cumsum().tolist(),
        rlzs=bits.view(np.float32),
        aggs=["mean"],
        stats=bits[:, :1].view(np.float32),
    )
    loaded = stored(store, path, layout=layout)
    per_item = 6 if layout is Layout.PACKED else 1
    assert per_item == loaded.head.calculation.realisations_per_item
    assert -(-r // per_item) == loaded.report.realisations.stored
    for curves, expected in (
        (get_hazard_stats_curves("A", store=store), made.stats),
        (get_hazard_rlz_curves("A", store=store), made.rlzs),
    ):
        found = np.array([curve.poes for curve in curves]).reshape(expected.shape)
        assert expected.tobytes() == found.tobytes()


def plan_of(store: Store, path: Path = FILE, **options: Any):
    return inspect_and_plan(str(path), "A", StoreOptions(**options), store.settings, Silent())


def begun(store: Store, path: Path = FILE, **options: Any):
    return claim(store, plan_of(store, path, **options), "run-1", IfStored.FAIL).head


def _deaf(_: object) -> None:
    """Work that is told to stop and goes on."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def _fails(_: object) -> None:
    time.sleep(2)
    raise TryAgain("a", "b")


def test_a_worker_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch):
    """Its clean-up may wait for a store that is gone: the load ends all the same."""
    monkeypatch.setattr(pool, "CLEAN_UP_S", 0.5)
    began = time.monotonic()
    with pytest.raises(TryAgain, match="b"):
        _work_with_one_that_fails()
    assert time.monotonic() - began < 30


def _work_with_one_that_fails() -> None:
    with pool.worker_processes(2) as processes:
        assert processes is not None
        deaf, fails = processes.submit(_deaf, 0), processes.submit(_fails, 0)
        try:
            fails.result()
        finally:
            assert not deaf.done()
