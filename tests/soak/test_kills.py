"""Writers killed at any moment: a resume at once writes what is missing, and all is exact."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from hazard_store.workflow.plan import Plan
from local.dynamodb_model.faults import Fault, Faults
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.loading import Silent
from tests.support.modelled import At, Modelled, applied, held, started
from tests.support.plain_curves import plain_calc

pytestmark = pytest.mark.slow

N, R, S, M, GROUP = 120, 4, 3, 2, 2  # the mean and two more: by default two items a site
MAPS = ("all", "mean", "none")
CHAINS = 20
FAULTS = dict.fromkeys((Fault.UNPROCESSED, Fault.ERROR_AFTER, Fault.DROP_BEFORE), 0.05)
KEY_SCHEMES = ("calc", "location", "calc-location")
FEW = {"HAZARD_STORE_REQUEST_THREADS": "2", "HAZARD_STORE_RETRY_CAP_S": "0.05"}
LIMIT_S = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc.hdf5", n=N, r=R).path


@pytest.mark.parametrize("seed", range(CHAINS))
def test_killed_at_any_item(store, modelled, path: Path, seed: int):
    """A load or a single writer, then a resume, every other time another one: fifty kills."""
    rng = random.Random(seed)
    made = modelled(faults=Faults(FAULTS if seed % 2 else {}, seed))
    layout = ("packed", "readable")[seed // 3 % 2]
    options = {"key_scheme": KEY_SCHEMES[seed % 3], "layout": layout, "sites_per_chunk": 30}
    if layout == "packed":
        options["map_statistics"] = MAPS[seed // 6 % 3]
    # In `location` the sites have too few hash keys for two chunks.
    workers = 2 if seed % 4 == 3 and options["key_scheme"] != "location" else 1
    load = load_of(path, "A", **options, workers=workers)
    items = items_of(path, store, **options)
    total, kills = sum(items.values()), 2 + seed % 2
    for kill in range(kills):
        missing = total - len(held(made.model))
        words = load if kill == 0 else (*load, "--if-stored", "resume")
        if kill == 0 and seed % 4 == 0:
            words, missing = a_writer(store, path, options)
        # Early, so that something is left for the kills to come; the last may be anywhere.
        at = At(
            applied(made.model) + rng.randint(1, missing if kill == kills - 1 else missing // 3),
            signal.SIGKILL,
            worker=workers > 1 and rng.random() < 0.5,
        )
        made.model.on_applied = at
        killed(made, at, words)
    resumed(made, (*load, "--if-stored", "resume"), items)
    assert_same(plain_calc(path), made.store, "A")
    assert audit(made.store, "A", None, None, Silent()).passed
    assert total == len(held(made.model))


def test_killed_at_any_record(store, modelled, path: Path):
    """Before, between and behind the items: as it begins, reports, is audited and published."""
    made, rng = modelled(), random.Random(0)
    threads = {"HAZARD_STORE_REQUEST_THREADS": "1"}  # the same requests each time
    clean = started(*load_of(path, "CLEAN", map_statistics="all"), **threads)
    clean.communicate(timeout=LIMIT_S)
    n = made.served.proxy.forwarded
    assert n > 10
    points = sorted({1, 2, n - 1, n, *rng.sample(range(3, n - 1), 8)})
    items = items_of(path, store, map_statistics="all")
    for point in points:
        calc_id = killed_at_record(made, path, point, **threads)
        resume = load_of(path, calc_id, map_statistics="all")
        resumed(made, (*resume, "--if-stored", "resume"), items)
        assert sum(items.values()) == len(held(made.model))
        assert_same(plain_calc(path), made.store, calc_id)
        made.store.client.close()


def killed_at_record(made: Modelled, path: Path, point: int, **environment: str) -> str:
    """Kill a load at a record's request; return the calculation's id.

    A writer checks the fence by the clock, so two loads differ by a request or two: one that ends
    before its last ones is tried again with an earlier point.
    """
    for earlier in range(point, 0, -1):
        made.model.tables.clear()
        calc_id = f"A{point}-{earlier}"
        at = At(made.served.proxy.forwarded + earlier, signal.SIGKILL)
        made.served.proxy.on_forwarded = at
        if was_killed(made, at, load_of(path, calc_id, map_statistics="all"), **environment):
            return calc_id
    raise AssertionError("no load was killed")


def load_of(path: Path, calc_id: str, workers: int = 1, **options: Any) -> tuple[object, ...]:
    """Return the command that loads the file."""
    given = {"realisations_per_item": GROUP, "workers": workers, **options}
    words = (
        word for name, value in given.items() for word in (f"--{name}".replace("_", "-"), value)
    )
    return ("load", path, calc_id, "--json", *words)


def planned(path: Path, store, **options: Any) -> Plan:
    chosen = StoreOptions(realisations_per_item=GROUP, **options)
    return inspect_and_plan(str(path), "A", chosen, store.settings, Silent())


def items_of(path: Path, store, **options: Any) -> dict[Kind, int]:
    """Return how many items there must be of each kind; the chunks are as the plan divides them."""
    packed = options.get("layout") != "readable"
    n_maps = {"all": S, "mean": 1}.get(options.get("map_statistics", "none"), 0)
    of_chunk = n_maps * M + 1 if n_maps else 0  # a chunk is one block
    n_chunks = len(planned(path, store, **options).calculation.chunks)
    return {
        Kind.STATS: N * (2 if packed else S) + n_chunks * of_chunk,
        Kind.REALISATIONS: N * (R // GROUP if packed else R),
    }


def a_writer(store, path: Path, options: dict[str, Any]) -> tuple[tuple[object, ...], int]:
    """Begin a calculation; return the command that writes one chunk, and its number of items."""
    plan = planned(path, store, **options)
    calculation = claim(store, plan, "run-1", IfStored.FAIL).head.calculation
    chunk = calculation.chunks[0]
    n_items = items_of(path, store, **options)[Kind.STATS] // len(calculation.chunks)
    return ("write", path, "A", "--kind", "stats", "--sites", chunk), n_items


def killed(made: Modelled, at: At, words: tuple[object, ...], **environment: str) -> None:
    """Run a command into its kill; nobody of its family stays behind."""
    assert was_killed(made, at, words, **environment), "it ended before"


def was_killed(made: Modelled, at: At, words: tuple[object, ...], **environment: str) -> bool:
    """Run a command into its kill; tell whether it came before the command's own end."""
    at.process = started(*words, **{**FEW, **environment})
    out, err = at.process.communicate(timeout=LIMIT_S)
    if at.sent_at is None:
        assert 0 == at.process.returncode, err
        return False
    assert (75 if at.worker else -signal.SIGKILL) == at.process.returncode, err
    assert "" == out
    assert [] == psutil.wait_procs(at.family, timeout=10)[1]
    made.served.wait_until_quiet()  # only so that the counts of the next run are its own
    return True


def resumed(made: Modelled, words: tuple[object, ...], items: dict[Kind, int]) -> None:
    """Resume without faults: what is there is found, what is missing is written once."""
    there, before = {kind: made.stored(kind) for kind in Kind}, applied(made.model)
    made.now()
    made.model.on_applied = made.served.proxy.on_forwarded = lambda _: None
    process = started(*words)
    out, err = process.communicate(timeout=LIMIT_S)
    assert 0 == process.returncode, err
    loaded = json.loads(out)
    assert "published" == loaded["status"]
    missing = {kind: of_kind - there[kind] for kind, of_kind in items.items()}
    for kind, of_kind in items.items():
        counts = Counter(loaded[kind])
        if kind is Kind.STATS:  # the map items are counted by themselves, in the same table
            counts += Counter(loaded["maps"])
        assert of_kind == counts["expected"] == counts["stored"] == made.stored(kind)
        assert of_kind == counts["acknowledged"] + counts["found"]
        if loaded["phases"]["audit"]["seconds"]:  # else it was published already
            assert (there[kind], missing[kind]) == (counts["found"], counts["acknowledged"])
    assert sum(missing.values()) == applied(made.model) - before
