"""The screen of `show`, word by word, of a calculation whose times and owner are given."""

from __future__ import annotations

from dataclasses import replace

from hazard_store.cli.shown_calculation import shown_calculation
from hazard_store.model import ContentDigests, FileVersion, Original
from hazard_store.records.index import IndexEntry
from hazard_store.store import Store
from tests.support.loading import CALCS, stored

SCREEN = """\
A: published since 2026-11-26 04:32 UTC

What it is
  description    a description
  file           s3://inbox/calc_1.hdf5 (196,977 bytes)
  sha256         0123456789abcdef
  made from      fedcba9876543210 (1,700,000,000 bytes), as the file says
  content stats  0011223344556677
  content rlzs   8899aabbccddeeff
  engine         3.26.2, classical
  calculated     2026-11-23 18:48

What is stored
  sites          6; vs30 400 m/s
  measures       3: PGA SA(0.5) SA(1.0)
  levels         9 of each measure
  statistics     6: mean std 0.1 0.5 0.9 max
  realisations   12
  probabilities  in 50 years

How it is stored
  keys           calc-location
  layout         packed: statistics by 1 and 5, realisations by 12 in an item
  map items      none
  site codes     coordinates to 3 decimals
  chunks         1
  formats        codec 1, records 2
  release        0.2.0
  version        1; A@2 is being written
  for engine     nothing was kept to rebuild a file from

What it took
  run            load-1, attempt 2
  began          2026-11-26 04:30 UTC
  stats          12 items, 30 write units, < 1 s of writers, 1 retry; forecast:
                 34 write units
  realisations   6 items; forecast: 28 write units
  records        5 items; forecast: 10 write units
  writers        forecast: 1 at once, 2,500 write units a second each
  in all         75 s from the claim to the audit's end, $0.12; forecast: < 1 s
                 of writing, < $0.01

Audits
  audited        2026-11-27 01:02 UTC: no differences
  audited        2026-11-28 01:02 UTC: 3 differences
  last audit     2026-11-28 01:02 UTC: FAILED: 3 missing, 0 extra, 0 altered

Notes
                 a note
"""


def test_the_screen_at_80_columns(store: Store):
    head = stored(store, CALCS / "classical_rlzs_stats.hdf5").head
    forecast = head.calculation.forecast.model_copy(
        update={"stats_wcu": 34, "realisations_wcu": 28, "records": 5, "records_wcu": 10}
    )
    calculation = head.calculation.model_copy(
        update={
            "description": "a description",
            "file": FileVersion("s3://inbox/calc_1.hdf5", 196_977, "e"),
            "sha256": "0123456789abcdef",
            "original": Original("fedcba9876543210", 1_700_000_000),
            "content": ContentDigests("0011223344556677", "8899aabbccddeeff"),
            "date": "2026-11-23T18:48:37",
            "release": "0.2.0",
            "engine_objects": None,
            "forecast": forecast,
            "notes": ("a note",),
        }
    )
    given = replace(
        head,
        calculation=calculation,
        owner="load-1",
        attempt=2,
        since="2026-11-26T04:32:34+00:00",
        began="2026-11-26T04:30:00+00:00",
        outcome={
            "stats": {"wcu": 30.0, "writer_seconds": 0.2, "retries": 1},
            "seconds": 75.2,
            "dollars": 0.12,
        },
    )
    entry = IndexEntry("A", "A", next="A@2")
    audits = [
        {"at": "2026-11-27T01:02:03+00:00", "missing": 0, "extra": 0, "altered": 0},
        {"at": "2026-11-28T01:02:03+00:00", "missing": 3, "extra": 0, "altered": 0},
    ]
    last = "2026-11-28 01:02 UTC: FAILED: 3 missing, 0 extra, 0 altered"
    lines = list(shown_calculation(given, entry, audits, last, 80))
    assert SCREEN.splitlines() == lines
