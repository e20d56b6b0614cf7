"""In a log service a report is one line that is not divided, and the sentence comes last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hazard_store.cli.log_lines import VARIABLE
from hazard_store.cli.reports import REPORT_BYTES, brief
from hazard_store.model import Kind
from hazard_store.records import AuditReport, Difference
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

AWSLOGS_BYTES = 16_384  # where the driver divides a line


def awslogs(printed: str) -> list[str]:
    """Return the lines of CloudWatch, as the driver makes them of what a container prints."""
    return [piece for line in printed.splitlines() for piece in _pieces(line.encode())]


def _pieces(line: bytes) -> Iterator[str]:
    for start in range(0, max(1, len(line)), AWSLOGS_BYTES):
        yield line[start : start + AWSLOGS_BYTES].decode(errors="replace")


def difference(code: str) -> dict[str, str]:
    return {"table": "T", "hash_key": f"A:{code}", "range_key": f"{code}:mean", "kind": "missing"}


LONG = "\u202e\U0001f30b" * 4000
PARENT = {"uri": f"s3://inbox/{LONG}", "etag": LONG, "sha256": "0" * 64}
INSPECTED = {
    **dict.fromkeys(("calculation_mode", "description", "engine_version", "date"), LONG),
    **dict.fromkeys(("imts", "aggs", "notes"), [LONG] * 1000),
    "parent": PARENT,
}


@pytest.mark.parametrize(
    "report",
    [
        {"missing": 646, "differences": [difference("[-41.500~175.250]")] * 646},
        {"missing": 100_000, "differences": [difference("[-41.500~175.250]")] * 100_000},
        {"missing": 100_000, "differences": [difference(LONG)] * 100_000, "notes": [LONG] * 1000},
        {"versions": [f"A@{number}" for number in range(100_000)]},
        {"uri": "s3://inbox/" + "ē" * 1024, **INSPECTED},
        {"uri": "s3://inbox/" + LONG, **INSPECTED},
    ],
    ids=["646", "100,000", "long codes", "versions", "inspected", "an endless address"],
)
def test_a_report_is_short_whatever_was_found(report: dict[str, Any]) -> None:
    assert len(json.dumps(brief(report))) <= REPORT_BYTES


def test_a_brief_report_counts_what_it_leaves_out() -> None:
    codes = [f"[-41.500~{lon:.3f}]" for lon in range(100)]
    report = {"uri": "u" * 1024, "missing": 100, "differences": [difference(c) for c in codes]}
    short = brief(report)
    n = len(short["differences"])
    assert report["differences"][:n] == short["differences"]
    assert (100, 100) == (n + short["left_out"]["differences"], short["missing"])
    assert n > 0
    assert report["uri"] == short["uri"], "the plan of a run compares it"


def test_what_is_short_is_left_as_it_is() -> None:
    report = {"calc_id": "A", "stats": {"rows": 3}, "differences": [difference("a")], "notes": []}
    assert report == brief(report)


@pytest.fixture
def holed(store: Store, tmp_path: Any) -> int:
    """A calculation without its statistics; how many items are gone."""
    path = tmp_path / "calc_1.hdf5"
    make_calc(path, n=646, r=1, aggs=("mean",), realisations=False)
    stored(store, path, "A", map_statistics="none")
    table = store.table(Kind.STATS)
    names = ("haz_sol_id", "loc_agg_rk")
    pages = store.client.get_paginator("scan").paginate(TableName=table)
    keys = [{name: item[name] for name in names} for page in pages for item in page["Items"]]
    for key in keys:
        store.client.delete_item(TableName=table, Key=key)
    return len(keys)


def test_the_audit_of_a_container_ends_with_its_sentence(
    cli: Any, store: Store, holed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line of its report can be read, and the records have every difference of it."""
    whole = cli("audit", "A", "--json")
    assert len(whole.out) > AWSLOGS_BYTES, "as it was divided"
    monkeypatch.setenv(VARIABLE, "true")
    ended = cli("audit", "A", "--json")
    assert ended.code == 1
    (line,) = awslogs(ended.out)
    report = json.loads(line)
    assert (holed, False) == (report["missing"], report["passed"])
    assert holed == len(report["differences"]) + report["left_out"]["differences"]
    *_, last = awslogs(ended.err)
    assert last.startswith(f"ERROR hazard-store: A: the audit failed: {holed} missing, 0 extra")
    assert "`hazard-store repair A` mends it; first: missing " in last
    head = store.head("A")
    kept = [store.reports(head).audit(chunk) for chunk in head.calculation.chunks]
    found = [each for report in kept if report for each in report.differences]
    assert json.loads(whole.out)["differences"] == [each.model_dump() for each in found]


def test_at_a_terminal_the_report_is_whole_and_the_sentence_is_there(cli: Any, holed: int) -> None:
    ended = cli("audit", "A", "--json")
    assert holed == len(json.loads(ended.out)["differences"])
    assert f"\nhazard-store: A: the audit failed: {holed} missing" in f"\n{ended.err}"


def test_a_sum_of_audits_names_the_first_thousand() -> None:
    report = AuditReport.made(calc_id="A", status="published", missing=700)
    report = report.model_copy(
        update={"differences": tuple(Difference(**difference(str(n))) for n in range(700))}
    )
    assert (1400, 1000) == ((report + report).missing, len((report + report).differences))
