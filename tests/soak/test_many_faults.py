"""Ten thousand faults of every kind: whole loads come through them with the right items."""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hazard_store.model import Kind
from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.partitions import Capacity
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.modelled import AMPLE, Modelled, applied, held, injected
from tests.support.plain_curves import plain_calc

FAULTS = 10_000  # at least, over all soaks
R, S, M = 5, 3, 2  # the mean and two more: by default two items a site
# Of a request. Slow answers take time; and a request that is refused as a whole slows the writer.
RARE = {Fault.SLOW: 0.02, Fault.THROUGHPUT: 0.003, Fault.THROTTLING: 0.003}


@dataclass(frozen=True)
class Soak:
    """One load: how it is stored, by how many writers, into what."""

    key_scheme: str
    layout: str
    maps: str = "none"  # the statistics that have map items
    sites: int = 500
    workers: int = 1
    threads: int = 8
    chance: float = 0.148  # of each fault that is not rare
    wcu_per_s: float | None = None  # of each of two partitions; None: more than is ever wanted

    @property
    def capacity(self) -> Capacity:
        """Return what the tables take."""
        if self.wcu_per_s is None:
            return AMPLE
        return Capacity(partitions=2, scale=self.wcu_per_s / 1000, table_wcu_per_s=None)

    def faults(self, seed: int) -> Faults:
        """Return what befalls the requests."""
        return Faults(dict.fromkeys(Fault, self.chance) | RARE, seed, deque(RARE))


SOAKS = [
    Soak("calc", "packed", "all", workers=4, sites=620),
    Soak("calc", "readable", workers=4, sites=500),
    Soak("location", "packed", "mean", workers=2, sites=900),
    Soak("location", "readable", threads=32),
    Soak("calc-location", "packed", workers=3, wcu_per_s=300),
    Soak("calc-location", "readable", threads=2, sites=160, chance=0.1, wcu_per_s=60),
]

# What they meet is counted together, for how much each meets depends on the machine: `make soak`
# gives a file to one worker.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def met() -> Counter[Fault]:
    """All faults that were injected so far."""
    return Counter()


@pytest.mark.parametrize("seed", range(len(SOAKS)))
def test_a_load_comes_through(modelled, cli_process, tmp_path: Path, met, seed: int):
    """Published, counted exactly, audited and bit for bit what h5py reads from the file."""
    soak, path = SOAKS[seed], tmp_path / "calc.hdf5"
    make_calc(path, n=soak.sites, r=R, seed=seed)
    made = modelled(soak.capacity, soak.faults(seed), slow_s=0.1)
    group = 2 if soak.layout == "packed" else 1
    ended = cli_process(
        *("load", path, "A", "--json", "--key-scheme", soak.key_scheme, "--layout", soak.layout),
        *("--workers", soak.workers, "--sites-per-chunk", 100, "--realisations-per-item", group),
        *("--map-statistics", soak.maps),
        HAZARD_STORE_REQUEST_THREADS=str(soak.threads),
        HAZARD_STORE_RETRY_CAP_S="0.01",
    )
    assert 0 == ended.code, ended.err
    n_chunks = len(made.store.head("A").calculation.chunks)  # each is one block
    n_maps = {"all": S, "mean": 1, "none": 0}[soak.maps]
    items = {
        "stats": soak.sites * (2 if soak.layout == "packed" else S),
        "realisations": soak.sites * -(-R // group),
        "maps": n_chunks * (n_maps * M + 1) if n_maps else 0,
    }
    check_counts(json.loads(ended.out), made, items)
    assert_same(plain_calc(path), made.store, "A")
    assert 0 == cli_process("audit", "A", "--calc-file", path).code
    throttled = made.model.counters["throttled.partition"] > 0
    assert throttled == (soak.wcu_per_s is not None)
    faults = injected(made.model)
    assert all(faults.values())
    met.update(faults)


def test_enough_faults_of_every_kind(met: Counter[Fault]):
    """The last of the soaks: what they have met together."""
    assert set(Fault) == set(met)
    assert FAULTS <= met.total()


def check_counts(loaded: dict[str, Any], made: Modelled, items: dict[str, int]) -> None:
    """Nothing is counted twice, and nothing is there that was not wanted."""
    assert "published" == loaded["status"]
    assert {0} == {loaded[what] for what in ("missing", "extra", "altered")}
    for of, n_items in items.items():
        counts = loaded[of]
        assert n_items == counts["expected"] == counts["stored"] == counts["acknowledged"]
        assert 0 == counts["found"]
    assert items["stats"] + items["maps"] == made.stored(Kind.STATS)
    assert items["realisations"] == made.stored(Kind.REALISATIONS)
    assert sum(items.values()) == len(held(made.model)) < applied(made.model)
