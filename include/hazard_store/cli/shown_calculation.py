"""What `show` says of a calculation to a person: in groups, in words, with short times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hazard_store.amounts import count, dollars, seconds, years
from hazard_store.cli.columns import short_time, under_heading
from hazard_store.shown import cut, one_line

if TYPE_CHECKING:
    from hazard_store.records import Head
    from hazard_store.records.documents import StoredCalculation
    from hazard_store.records.index import IndexEntry

Entries = Iterator[tuple[str, str]]
NAME_WIDTH = 13


def shown_calculation(
    head: Head,
    entry: IndexEntry | None,
    audits: Sequence[dict[str, Any]],
    last_audit: str,
    width: int | None,
) -> Iterator[str]:
    """Yield the lines of `show`.

    Args:
        head: of the calculation.
        entry: its entry in the index; None: it has none.
        audits: of the whole calculation, the first one first.
        last_audit: when and how the last one ended.
        width: of a line, characters; None: lines are not wrapped.
    """
    stored = head.calculation
    yield one_line(f"{head.calc_id}: {head.status} since {short_time(head.since)} UTC")
    groups = (
        ("What it is", _what_it_is(stored)),
        ("What is stored", _what_is_stored(stored)),
        ("How it is stored", _how_it_is_stored(stored, entry)),
        ("What it took", _what_it_took(head)),
        ("Audits", _audits(audits, last_audit)),
        ("Notes", (("", one_line(note)) for note in stored.notes)),
    )
    for heading, entries in groups:
        lines = list(under_heading(heading, entries, NAME_WIDTH, width))
        if lines:
            yield ""
            yield from lines


def _what_it_is(stored: StoredCalculation) -> Entries:
    yield "description", cut(stored.description)
    yield "file", one_line(f"{stored.file.uri} ({count(stored.file.size, 'byte')})")
    yield "sha256", stored.sha256
    if stored.original is not None:
        size = count(stored.original.size, "byte")
        yield "made from", f"{stored.original.sha256} ({size}), as the file says"
    if stored.content is not None:
        yield "content stats", stored.content.stats
        if stored.content.realisations is not None:
            yield "content rlzs", stored.content.realisations
    if stored.parent is not None:
        yield "continues", one_line(stored.parent.uri)
    yield "engine", f"{cut(stored.engine_version)}, {cut(stored.calculation_mode)}"
    yield "calculated", short_time(stored.date)


def _what_is_stored(stored: StoredCalculation) -> Entries:
    yield "sites", f"{stored.n_sites:,}{_vs30s(stored)}"
    yield "measures", _listed(stored.imts)
    yield "levels", f"{len(stored.levels[0])} of each measure"
    yield "statistics", _listed(stored.aggs)
    kept = "" if stored.realisations else ", not stored"
    yield "realisations", f"{stored.n_realisations:,}{kept}"
    yield "probabilities", f"in {years(stored.investigation_time)}"


def _vs30s(stored: StoredCalculation) -> str:
    if not stored.vs30s:
        return f"; {count(stored.n_vs30s, 'value')} of vs30" if stored.n_vs30s else ""
    least, most = min(stored.vs30s), max(stored.vs30s)
    return f"; vs30 {least:g} m/s" if least == most else f"; vs30 {least:g} to {most:g} m/s"


def _listed(names: Sequence[str]) -> str:
    return f"{len(names)}: {' '.join(map(cut, names))}" if names else "none"


def _how_it_is_stored(stored: StoredCalculation, entry: IndexEntry | None) -> Entries:
    yield "keys", str(stored.key_scheme)
    yield "layout", _layout(stored)
    yield "map items", _maps(stored)
    yield "site codes", _codes(stored)
    yield "chunks", f"{len(stored.chunks):,}"
    yield "formats", f"codec {stored.codec_version}, records {stored.format}"
    if stored.release:
        yield "release", stored.release
    yield "version", _versions(stored, entry)
    if stored.engine_objects is None:
        yield "for engine", "nothing was kept to rebuild a file from"
    else:
        size = count(stored.engine_objects.size, "byte")
        yield "for engine", f"{size} kept to rebuild a file from"


def _layout(stored: StoredCalculation) -> str:
    sizes = stored.statistics_sizes
    by = sizes[:1] if len(set(sizes)) == 1 else sizes
    parts = [f"statistics by {' and '.join(map(str, by))}"] if sizes else []
    parts += [f"realisations by {stored.realisations_per_item}"] if stored.realisations else []
    return f"{stored.layout}: {', '.join(parts)} in an item"


def _maps(stored: StoredCalculation) -> str:
    if not stored.map_statistics:
        return "none"
    of = " ".join(map(cut, stored.map_statistics))
    return f"{of}; up to {count(stored.sites_per_block, 'site')} in one"


def _codes(stored: StoredCalculation) -> str:
    if stored.custom_site_ids:
        return "custom ids of the file"
    vs30 = " and the vs30" if stored.code_with_vs30 else ""
    return f"coordinates to {stored.code_decimals} decimals{vs30}"


def _versions(stored: StoredCalculation, entry: IndexEntry | None) -> str:
    text = str(stored.version)
    if entry is not None and entry.next is not None:
        text += f"; {entry.next} is being written"
    if entry is not None and entry.old:
        text += f"; to be removed: {' '.join(map(str, entry.old))}"
    return text


def _what_it_took(head: Head) -> Entries:
    forecast, outcome = head.calculation.forecast, head.outcome
    yield "run", f"{one_line(head.owner)}, attempt {head.attempt}"
    if head.began:
        yield "began", f"{short_time(head.began)} UTC"
    yield "stats", _took(outcome.get("stats"), forecast.stats_items, forecast.stats_wcu)
    of_rlzs = forecast.realisations_items, forecast.realisations_wcu
    yield "realisations", _took(outcome.get("realisations"), *of_rlzs)
    if forecast.maps_items:
        yield "maps", _took(outcome.get("maps"), forecast.maps_items, forecast.maps_wcu)
    yield "records", _took(None, forecast.records, forecast.records_wcu)
    share = count(forecast.wcu_per_s_per_writer, "write unit")
    yield "writers", f"forecast: {forecast.writers} at once, {share} a second each"
    took = f"forecast: {seconds(forecast.seconds)} of writing, {dollars(forecast.dollars)}"
    if "dollars" in outcome:
        whole = seconds(outcome.get("seconds", 0))
        took = f"{whole} from the claim to the audit's end, {dollars(outcome['dollars'])}; {took}"
    yield "in all", took


def _took(outcome: dict[str, Any] | None, items: int, forecast_wcu: float) -> str:
    forecast = f"forecast: {count(forecast_wcu, 'write unit')}"
    parts = [count(items, "item")]
    if outcome is None:
        return f"{parts[0]}; {forecast}"
    parts.append(count(outcome["wcu"], "write unit"))
    if "writer_seconds" in outcome:
        parts.append(f"{seconds(outcome['writer_seconds'])} of writers")
        parts.append(count(outcome["retries"], "retry"))
    return f"{', '.join(parts)}; {forecast}"


def _audits(audits: Sequence[dict[str, Any]], last_audit: str) -> Entries:
    for past in audits:
        differences = past["missing"] + past["extra"] + past["altered"]
        found = count(differences, "difference") if differences else "no differences"
        yield "audited", f"{short_time(past['at'])} UTC: {found}"
    yield "last audit", last_audit
