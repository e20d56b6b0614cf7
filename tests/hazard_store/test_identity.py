"""What a calculation is known by."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.calcfile import inspect_file
from hazard_store.identity import (
    Identity,
    SiteDigests,
    content_digest,
    content_header,
    same_content,
    why_another,
)
from hazard_store.model import Calculation, ContentDigests, Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc

BOTH = ContentDigests("s", "r")


@pytest.fixture
def calculation(tmp_path: Path) -> Calculation:
    path = make_calc(tmp_path / "calc.hdf5", custom_ids=["a", "b", "c"]).path
    return inspect_file(str(path), Settings(region="us-east-1")).calculation


@pytest.mark.parametrize(
    ("stored", "found", "same"),
    [
        (BOTH, BOTH, True),
        (BOTH, ContentDigests("s", None), True),
        (ContentDigests("s", None), BOTH, True),
        (BOTH, ContentDigests("other", "r"), False),
        (BOTH, ContentDigests("s", "other"), False),
        (BOTH, ContentDigests("other", None), False),
    ],
)
def test_contents_decide_where_both_are_known(
    stored: ContentDigests, found: ContentDigests, same: bool
):
    """Realisations where both have them; which files they were in is no matter."""
    assert same == same_content(Identity("1", stored, "p"), Identity("2", found))
    assert same == same_content(Identity("1", stored), Identity("1", found))


@pytest.mark.parametrize(("stored", "found"), [(None, BOTH), (BOTH, None), (None, None)])
def test_the_file_decides_where_one_is_not_known(stored: Any, found: Any):
    assert same_content(Identity("1", stored, "p"), Identity("1", found, "p"))
    assert not same_content(Identity("1", stored), Identity("2", found))
    assert not same_content(Identity("1", stored, "p"), Identity("1", found, "q"))


def test_it_is_said_what_differs():
    before = why_another(Identity("1", None), Identity("2", BOTH))
    assert "stored before contents were compared" in before
    assert "give the original file" in before
    assert "weights" in why_another(Identity("1", BOTH), Identity("2", ContentDigests("x", "r")))
    rlzs = why_another(Identity("1", BOTH), Identity("2", ContentDigests("s", "x")))
    assert "realisations" in rlzs
    assert "parent p, not none" == why_another(Identity("1", None, "p"), Identity("1", BOTH))


def changed(calculation: Calculation) -> dict[str, Calculation]:
    """Return calculations that each differ in one thing that gives curves their meaning."""
    sites, tree = calculation.sites, calculation.logic_tree
    of_sites = {
        "lat": sites.lat + 1e-9,
        "lon": sites.lon + 1e-9,
        "vs30": None,
        "custom_ids": ("a", "b", "d"),
    }
    of_tree = {
        "weights": tree.weights[::-1],
        "paths": None,
        "num_samples": 1,
        "source_branches": [],
        "gsim_branches": [],
    }
    return {
        "imts": replace(calculation, imts=calculation.imts[::-1]),
        "statistics": replace(calculation, aggs=("mean", "0.1", "0.8")),
        "levels": replace(calculation, levels=calculation.levels * 2),
        "years": replace(calculation, investigation_time=50.0),
        **{k: replace(calculation, sites=replace(sites, **{k: v})) for k, v in of_sites.items()},
        **{k: replace(calculation, logic_tree=replace(tree, **{k: v})) for k, v in of_tree.items()},
    }


def test_whatever_gives_curves_their_meaning_is_in_the_header(calculation: Calculation):
    headers = {name: content_header(each) for name, each in changed(calculation).items()}
    assert 13 == len(headers)
    assert len(headers) + 1 == len({content_header(calculation), *headers.values()})


def test_what_gives_them_none_is_not(calculation: Calculation):
    file = replace(calculation.file, uri="elsewhere", size=1, etag="x")
    other = replace(calculation, file=file, description="x", date="x", engine_version="x")
    assert content_header(calculation) == content_header(other)


def test_the_rule_is_as_it_is_written(calculation: Calculation):
    """As docs/reference/identity.md has it."""
    digests = np.arange(64, dtype=np.uint8).reshape(2, 32)
    expected = hashlib.sha256(hashlib.sha256(b"header").digest() + b"stats\n" + digests.tobytes())
    assert expected.hexdigest() == content_digest(b"header", Kind.STATS, digests)
    rlzs = content_digest(b"header", Kind.REALISATIONS, digests)
    assert rlzs != expected.hexdigest()
    head, _, arrays = content_header(calculation).partition(b"\n")
    assert head.startswith(b'{"custom_ids":["a","b","c"],"gsim_branches":')
    sites, tree = calculation.sites, calculation.logic_tree
    values = [calculation.levels, sites.lat, sites.lon, sites.vs30, tree.weights]
    assert arrays == b"".join(np.asarray(each, "<f8").tobytes() for each in values)


@pytest.mark.parametrize("step", [1, 7, 40, 96, 1000])
def test_sites_pass_by_in_pieces_of_any_size(step: int):
    content = np.random.default_rng(0).bytes(5 * 40)
    whole, part = SiteDigests(5, 40), SiteDigests(5, 40, slice(8, 20))
    for start in range(0, len(content), step):
        whole.add(content[start : start + step])
        part.add(memoryview(content)[start : start + step])
    sites = [content[at : at + 40] for at in range(0, 200, 40)]
    assert b"".join(hashlib.sha256(s).digest() for s in sites) == whole.all().tobytes()
    assert b"".join(hashlib.sha256(s[8:20]).digest() for s in sites) == part.all().tobytes()


def test_part_of_the_sites_is_no_digest():
    digests = SiteDigests(2, 40)
    digests.add(bytes(79))
    with pytest.raises(ValueError, match="1 of 2 sites"):
        digests.all()
