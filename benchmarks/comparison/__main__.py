"""Ways to save curves, side by side in one run: rows a second on one core of the client.

    python -m benchmarks.comparison [CALC_FILE] [--quick] [--json FILE]

The same curves go, by each way, to an endpoint that does nothing, in a process of its own. Counted
is the CPU time of the client's processes, user and system, from float32 arrays (ours: from the
file) to the last acknowledged item. The ways take turns, and medians over the turns are shown.
The predecessor runs its own released code, in an environment that the first run makes.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click

from benchmarks import predecessor
from benchmarks.comparison import libraries, ours, serialized
from benchmarks.comparison.work import Calc, Work
from benchmarks.support.ceilings import Ceilings
from benchmarks.support.null_endpoint import null_endpoint, received
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import open_calc
from hazard_store.model import Kind, Layout
from hazard_store.settings import Settings

REFERENCE_ROWS = 11_500 * 12  # realisations of the reference calculation
WORKERS = 2  # of the predecessor's pool


@dataclass
class Way:
    """One way to save curves, and what was measured of it."""

    name: str
    work: Work
    save: Callable[[Work, str], float]  # given the endpoint's URL, returns CPU seconds
    items: int  # that the endpoint must see
    rates: list[float] = field(default_factory=list)  # rows a second of CPU, one a turn
    failed: str = ""

    @property
    def holds(self) -> str:
        """What the items hold."""
        sizes = " and ".join(map(str, dict.fromkeys(self.work.spec.sizes)))
        return f"{self.work.kind}, {sizes} an item"

    def take_turn(self, url: str) -> None:
        """Measure once, unless an earlier turn failed."""
        if self.failed:
            return
        gc.collect()
        before = received(url)["items"]
        try:
            rate = self.work.n_rows / self.save(self.work, url)
        except predecessor.NotMeasured as reason:
            self.failed = str(reason)
            return
        arrived = received(url)["items"] - before
        if arrived != self.items:
            self.failed = f"It lost items: {arrived} of {self.items} arrived."
        self.rates.append(rate)

    @property
    def rate(self) -> float:
        """Median rows a second of CPU; 0 where nothing was measured."""
        return 0.0 if self.failed else median(self.rates)


@dataclass
class Ways:
    """All ways, ours and others'."""

    ceiling: Way  # without a network
    network: Way  # nothing but the network
    predecessor: Way
    ours: list[Way]
    others: list[Way]

    @classmethod
    def of(cls, calc: Calc, n_sites: int, n_slow: int, folder: Path) -> Ways:
        """Prepare all ways: `n_sites` for the fastest, `n_slow` for the predecessor."""
        rlzs, stats = Kind.REALISATIONS, Kind.STATS
        groups = calc.work(Layout.PACKED, rlzs, n_sites)
        singles = calc.work(Layout.PACKED, rlzs, n_sites // 4, group=1)
        packed_stats = calc.work(Layout.PACKED, stats, n_sites // 4)
        few = calc.work(Layout.READABLE, rlzs, n_slow)
        curves = folder / "curves.npz"
        predecessor.hand_over(few, curves)

        def theirs(workers: int) -> Callable[[Work, str], float]:
            return lambda _, url: predecessor.save(curves, url, workers)

        def way(name: str, work: Work, save: Callable[[Work, str], float]) -> Way:
            return Way(name, work, save, work.n_items)

        ceilings = Ceilings(groups)
        boto3, pynamodb = libraries.save_with_boto3, libraries.save_with_pynamodb
        # Its client is made by saving a site before the clock starts.
        one_process = few.n_items + len(few.spec.rows)
        return cls(
            Way("ceiling: encode, base64, sign", groups, ceilings.encode_and_sign, 0),
            way("ceiling: finished requests, one connection", groups, ceilings.send_prebuilt),
            Way("predecessor, one process", few, theirs(0), one_process),
            [
                way("packed", groups, ours.save),
                way("packed, ownership not checked", groups, ours.save_unfenced),
                way("packed", singles, ours.save),
                way("packed", packed_stats, ours.save),
                way("packed, the client library's own serializer", groups, serialized.save),
                way("packed, the client library's own serializer", packed_stats, serialized.save),
                way("readable", calc.work(Layout.READABLE, rlzs, n_sites // 10), ours.save),
                way("readable", calc.work(Layout.READABLE, stats, n_sites // 10), ours.save),
            ],
            [
                way("boto3 batch_writer, our packed items", groups, boto3),
                way("boto3 batch_writer, our packed items", singles, boto3),
                way("pynamodb batch_write, our packed items", groups, pynamodb),
                way("pynamodb batch_write, our packed items", singles, pynamodb),
                way(f"predecessor, save_parallel, {WORKERS} workers", few, theirs(WORKERS)),
            ],
        )

    def __iter__(self) -> Iterator[Way]:
        """Iterate over all, ours first."""
        return iter([*self.ours, *self.others, self.predecessor, self.ceiling, self.network])

    def row(self, way: Way) -> list[str]:
        """Return a way's cells."""
        if way.failed:
            return [way.name, way.holds, *["not measured"] * 5]
        spread = f"{min(way.rates):,.0f} to {max(way.rates):,.0f}"
        seconds = REFERENCE_ROWS / way.rate if way.work.spec.kind is Kind.REALISATIONS else None
        return [
            way.name,
            way.holds,
            f"{way.rate:,.0f}",
            spread,
            f"{way.rate / self.predecessor.rate:,.1f}" if self.predecessor.rate else "-",
            f"{way.rate / self.ceiling.rate:.1%}",
            f"{seconds:,.0f}" if seconds else "-",
        ]


HEADER = (
    "way",
    "items hold",
    "rows/s of CPU",
    "least to most",
    "times the predecessor",
    "of the first ceiling",
    f"CPU seconds for {REFERENCE_ROWS:,} rows",
)


def notes(ways: Ways, turns: int) -> list[str]:
    """Return what a reader must know."""
    failed = [f"{way.name}: {way.failed}" for way in ways if way.failed]
    return [
        f"Medians of {turns} turns that the ways took one after the other.",
        "A row is one site and realisation, or one site and statistic.",
        "The endpoint speaks HTTP without TLS and counts what arrives: nothing was lost, unless "
        "the table says so.",
        "boto3 and pynamodb save the same packed items, encoded by our codec: their lines "
        "compare the libraries, not the layouts. Ours read the file, digest every item for the "
        "audit and check before every request who owns the calculation; theirs do none of it.",
        f"The predecessor is {predecessor.NAME}: one process is its worker's saving without queue "
        "and pickling, save_parallel its pool of processes, their start included.",
        *failed,
    ]


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--sites", default=1200, show_default=True, help="For the fastest ways.")
@click.option("--slow-sites", default=8, show_default=True, help="For the predecessor.")
@click.option("--turns", default=7, show_default=True)
@click.option("--quick", is_flag=True, help="Fewer sites and turns, for a first look.")
@JSON_OPTION
def main(
    calc_file: Path | None,
    sites: int,
    slow_sites: int,
    turns: int,
    quick: bool,
    json_path: Path | None,
) -> None:
    """Print the table. Without CALC_FILE the curves are synthetic."""
    if quick:
        sites, slow_sites, turns = 400, 4, 2
    settings = Settings(region="us-east-1")
    with tempfile.TemporaryDirectory() as folder, null_endpoint() as url:
        path = calc_file or make(Path(folder) / "synthetic.hdf5", sites)
        with open_calc(str(path), settings) as opened:
            calc = Calc.of(opened, settings)
            ways = Ways.of(calc, sites, slow_sites, Path(folder))
            for _ in range(turns):
                for way in ways:
                    way.take_turn(url)
            title = f"Saving curves, {calc.shape} a site ({path.name}), rows a second of one core."
    Table(title, HEADER, [ways.row(way) for way in ways], notes(ways, turns)).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.comparison")
