"""A writer of a stream that is really killed, in the middle of its share, and run again."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import EX_TEMPFAIL
from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.records import Head
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from hazard_store.workflow.write import write_chunk
from tests.support.calc_factory import make_calc
from tests.support.loading import Silent, drop_tables, make_tables, stored
from tests.support.modelled import At, Modelled, applied, modelled, started  # noqa: F401
from tests.support.streams import MadeStream, whole_stream

N_SITES, N_CHUNKS = 60, 4
OPTIONS = {"sites_per_chunk": 25, "map_statistics": "mean"}
FEW = {"HAZARD_STORE_REQUEST_THREADS": "2"}  # requests are small: a kill is within a chunk
LIMIT_S = 60


@pytest.fixture
def made(tmp_path: Path) -> MadeStream:
    calc = make_calc(tmp_path / "calc_1.hdf5", n=N_SITES, r=4)
    return whole_stream(calc.path, tmp_path, n_chunks=N_CHUNKS)


@pytest.fixture
def through(modelled: Callable[..., Modelled]) -> Modelled:  # noqa: F811
    return modelled()


def claimed(through: Modelled, made: MadeStream) -> Head:
    settings, options = through.store.settings, StoreOptions(**OPTIONS)
    plan = inspect_and_plan(str(made.manifest), "A", options, settings, Silent())
    return claim(through.store, plan, "me", IfStored.FAIL).head


def writer(made: MadeStream, attempt: int = 1) -> Any:
    of_attempt = {"HAZARD_STORE_OWNER": "me", "HAZARD_STORE_ATTEMPT": str(attempt)}
    return started("write-arrived", made.manifest, "A", "--share", "0/1", **FEW, **of_attempt)


def kill_a_writer(through: Modelled, made: MadeStream, at_item: int) -> None:
    """Begin to write the share, and kill the process when so many items are stored."""
    through.store.client.close()  # else its connection would be waited for
    before = applied(through.model)
    kill = At(before + at_item, signal.SIGKILL)
    through.model.on_applied = kill
    kill.process = writer(made)
    out, err = kill.process.communicate(timeout=LIMIT_S)
    assert (-signal.SIGKILL, "") == (kill.process.returncode, out), err
    through.served.wait_until_quiet()
    through.model.on_applied = lambda _: None
    assert at_item <= applied(through.model) - before < at_item + N_SITES


def items(through: Modelled, store: Store) -> dict[Kind, Any]:
    """Return the items of a stage, by kind, hash key and range key."""
    tables = through.model.tables
    return {kind: dict(tables[store.table(kind)].items) for kind in Kind}


@pytest.fixture
def undisturbed(through: Modelled, made: MadeStream) -> Iterator[dict[Kind, Any]]:
    """The items of a load to which nothing happens, in a stage of its own."""
    other = Store(Settings.from_environment(stage=f"{through.store.settings.stage}-U"))
    make_tables(other)
    stored(other, made.manifest, **OPTIONS)
    made.give(*range(N_CHUNKS))  # they are removed when they are published
    other.client.close()
    yield items(through, other)
    drop_tables(other)


@pytest.mark.parametrize("at_item", [3, 71, 100])
def test_a_writer_that_is_run_again_writes_what_is_missing(
    through: Modelled, made: MadeStream, undisturbed: dict[Kind, Any], at_item: int
):
    """Items are those of an undisturbed load, byte for byte."""
    head = claimed(through, made)
    kill_a_writer(through, made, at_item)
    again = writer(made)
    out, err = again.communicate(timeout=LIMIT_S)
    assert 0 == again.returncode, err
    assert f'"chunks": {N_CHUNKS}' in out
    for kind in Kind:
        for chunk in head.calculation.chunks:
            assert write_chunk(through.store, str(made.manifest), head, kind, chunk).complete
    assert undisturbed == items(through, through.store)


def test_a_killed_writer_whose_attempt_is_taken_over_writes_nothing_more(
    through: Modelled, made: MadeStream, undisturbed: dict[Kind, Any]
):
    head = claimed(through, made)
    kill_a_writer(through, made, 71)
    before = deepcopy(items(through, through.store))
    taken = through.store.transitions.take_over(head, "another", head.calculation)
    late = writer(made)
    _, err = late.communicate(timeout=LIMIT_S)
    assert EX_TEMPFAIL == late.returncode, err
    assert (2, before) == (taken.attempt, items(through, through.store))
    stored(through.store, made.manifest, if_stored=IfStored.RESUME, **OPTIONS)
    assert undisturbed == items(through, through.store)
