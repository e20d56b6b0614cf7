"""`store_hazard` with a real scheduler: killed in every task; every `if_stored`; its readers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.errors import CalculationReplaced
from hazard_store.model import IfStored, KeyScheme, Kind, Status
from hazard_store.query import get_hazard_rlz_curves
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from hazard_store.workflow.write import write_chunk
from local.errors import Refused
from tests.support import killer
from tests.support.calc_factory import make_calc
from tests.support.killable import killable
from tests.support.laws import assert_same
from tests.support.loading import Silent, all_items, plan_of, stored
from tests.support.plain_curves import plain_calc
from tests.support.standalone import Standalone

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

DAG = "store_hazard"
TEARDOWNS = {"stop_orphans", "remove_inspection"}
NEED_INSPECTION = {"plan", "store_meta"}  # which the end of a run removes
SAME, OTHER = 0, 1  # than what is stored


@pytest.fixture(scope="module")
def airflow(kills: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with killable(kills, tmp_path_factory, deferrable=False) as made:
        yield made


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two calculations of the same sites, with other curves."""
    return tuple(
        make_calc(tmp_path / f"{n}.hdf5", n=12, r=3, seed=n, imts=["PGA"]).path for n in (1, 2)
    )


def test_killed_in_every_task_and_cleared(
    airflow: Standalone, kills: Path, files: tuple[Path, Path]
) -> None:
    """Before and after its work; readers see the old version whole until the new one is."""
    first, second = files
    calc_id, store = "KILLED", airflow.store
    stored(store, first, calc_id)
    give_up(store, second, calc_id)
    conf = {
        "calc_id": calc_id,
        "calc_file": airflow.upload(second, "killed.hdf5"),
        "if_stored": "replace",
        "key_scheme": "location",
        "sites_per_chunk": 6,
    }
    run_id, killed, failed = "", set(), set()
    for tasks in stages(airflow):
        for moment in (killer.BEFORE, killer.AFTER):
            orders = {task: killer.order(kills, task, moment) for task in tasks}
            if failed & NEED_INSPECTION:
                airflow.clear(DAG, run_id, "inspect")
            elif run_id:
                airflow.clear_failed(DAG, run_id)
            else:
                run_id = airflow.api.trigger(DAG, conf)
            assert "failed" == airflow.end_of(DAG, run_id), f"{killed} and now {moment} {tasks}"
            assert not [task for task, order in orders.items() if order.exists()], killed
            killed |= {(task, moment) for task in tasks}
            failed = set(tasks)
            published = ("publish", killer.AFTER) in killed
            assert_same(plain_calc(second if published else first), store, calc_id)
    airflow.clear_failed(DAG, run_id)
    assert "success" == airflow.end_of(DAG, run_id)
    assert 20 == len(killed)
    assert_same(plain_calc(second), store, calc_id)
    assert audit(store, calc_id, str(second), None, Silent(), scan=True).passed
    entry = store.heads.entry(calc_id)
    assert (Status.PUBLISHED, []) == (store.head(calc_id).status, list(entry.old))
    ids = {item["haz_sol_id"]["S"] for item in all_items(store)[store.settings.meta_table]}
    assert [store.head(calc_id).storage_id] == [each for each in ids if each.startswith(calc_id)]


def test_audits_do_not_wait_for_the_writers_of_other_chunks(
    airflow: Standalone, files: tuple[Path, Path]
) -> None:
    """Each comes after its own two writers, and the first before the last writer has begun."""
    uri = airflow.upload(files[0], "order.hdf5")
    conf = {"calc_id": "ORDER", "calc_file": uri, "key_scheme": "calc", "sites_per_chunk": 1}
    run_id = airflow.api.trigger(DAG, conf)
    assert "success" == airflow.end_of(DAG, run_id)
    times = {
        (each["task_id"], each["map_index"]): (each["start_date"], each["end_date"])
        for each in airflow.api.instances(DAG, run_id)
    }
    chunks = range(12)
    for chunk in chunks:
        written = max(times[f"write_{kind}", chunk][1] for kind in Kind)
        assert written <= times["audit", chunk][0]
    last_writer = max(times[f"write_{kind}", chunk][0] for kind in Kind for chunk in chunks)
    assert min(times["audit", chunk][0] for chunk in chunks) < last_writer


def stages(airflow: Standalone) -> Iterator[tuple[str, ...]]:
    """Yield the tasks that may run side by side, in their order.

    Without the clean-up, which turns no run red and so is never cleared.
    """
    found = airflow.api.get(f"dags/{DAG}/tasks")["tasks"]
    later = {task["task_id"]: task["downstream_task_ids"] for task in found}
    killable = later.keys() - TEARDOWNS
    sorter = TopologicalSorter(
        {task: [each for each in later if task in later[each]] for task in killable}
    )
    sorter.prepare()
    while sorter.is_active():
        ready = sorter.get_ready()
        sorter.done(*ready)
        yield ready


def give_up(store: Store, file: Path, calc_id: str) -> None:
    """Leave a failed attempt to replace a calculation, with other parameters than will be asked."""
    plan = plan_of(store, file, calc_id=calc_id, key_scheme=KeyScheme.CALC)
    head = claim(store, plan, "dead", IfStored.REPLACE).head
    chunk = head.calculation.chunks[0]
    assert write_chunk(store, str(file), head, Kind.STATS, chunk).acknowledged
    store.transitions.fail(head, {})


def test_each_if_stored_with_the_same_and_another_file(
    airflow: Standalone, files: tuple[Path, Path]
) -> None:
    """Only `replace` with another file changes anything, and its readers see old or new, whole."""
    cases = {
        (if_stored, file): f"{if_stored}-{file}".upper()
        for if_stored in IfStored
        for file in (SAME, OTHER)
    }
    store = airflow.store
    uris = [airflow.upload(file, f"if_stored_{n}.hdf5") for n, file in enumerate(files)]
    for calc_id in cases.values():
        stored(store, files[0], calc_id)
    before = all_items(store)
    with Reader(store, cases[IfStored.REPLACE, OTHER]) as reader:
        runs = {
            case: airflow.api.trigger(
                DAG, {"calc_id": calc_id, "calc_file": uris[case[1]], "if_stored": str(case[0])}
            )
            for case, calc_id in cases.items()
        }
        states = {case: airflow.end_of(DAG, run_id) for case, run_id in runs.items()}
        reader.until(lambda: reader.seen[-1] == 2)
    good = {case for case in cases if case[1] == SAME or replaces(case)}
    assert good == {case for case, state in states.items() if state == "success"}
    assert reader.seen == sorted(reader.seen)
    for case, calc_id in cases.items():
        assert_same(plain_calc(files[replaces(case)]), store, calc_id)
    changed = cases[IfStored.REPLACE, OTHER]
    assert without(before, changed) == without(all_items(store), changed)


def replaces(case: tuple[IfStored, int]) -> bool:
    return case == (IfStored.REPLACE, OTHER)


def without(items: dict[str, list[dict[str, Any]]], calc_id: str) -> list[str]:
    texts = (str(item) for of_table in items.values() for item in of_table)
    return [text for text in texts if calc_id not in text]


class Reader:
    """Reads all curves of a calculation again and again; notes which version it saw whole."""

    def __init__(self, store: Store, calc_id: str) -> None:
        self.store, self.calc_id = store, calc_id
        self.seen: list[int] = []
        self.told = 0  # that it was overtaken
        self.error: BaseException | None = None
        self._versions: list[np.ndarray] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        assert self.error is None
        assert 2 >= len(self._versions)
        assert len(self.seen) > 10

    def until(self, done: Callable[[], bool]) -> None:
        """Read on until something is so."""
        while not done() and self._thread.is_alive():
            self._end.wait(0.1)

    def _read(self) -> None:
        try:
            while not self._end.is_set():
                try:
                    curves = list(get_hazard_rlz_curves(self.calc_id, store=self.store))
                except CalculationReplaced:
                    self.told += 1
                    continue
                assert 12 * 3 == len(curves)
                poes = np.stack([curve.poes for curve in curves])
                known = [n for n, old in enumerate(self._versions, 1) if np.array_equal(old, poes)]
                if not known:
                    self._versions.append(poes)
                    known = [len(self._versions)]
                self.seen += known
        except BaseException as error:
            self.error = error


@pytest.mark.parametrize(
    ("conf", "names"),
    [
        ({"calc_id": "A B"}, "calc_id"),
        ({"calc_file": "s3://another-bucket/calc_1.hdf5"}, "calc_file"),
        ({"calc_file": "/etc/passwd"}, "calc_file"),
        ({"key_scheme": "none"}, "key_scheme"),
        ({"realisations_per_item": 0}, "realisations_per_item"),
        ({"sites_per_chunk": -1}, "sites_per_chunk"),
        ({"max_wcu_per_s": 0}, "max_wcu_per_s"),
        ({"if_stored": "always"}, "if_stored"),
    ],
)
def test_the_trigger_form_refuses_what_cannot_be(
    airflow: Standalone, conf: dict[str, Any], names: str
) -> None:
    good = {"calc_id": "FORM", "calc_file": "s3://hazard-inbox/calc_1.hdf5"}
    with pytest.raises(Refused, match=names):
        airflow.api.trigger(DAG, good | conf)
