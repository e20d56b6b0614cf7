"""Which files arrived in an interval, in S3 and in a folder."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hazard_store.aws.clients import s3_client
from hazard_store.errors import Misconfigured
from hazard_store.inbox.arrivals import Arrival, Interval, arrivals, date_of
from hazard_store.settings import Settings

DAY = dt.timedelta(days=1)
SETTINGS = Settings.from_environment()


def day(text: str) -> Interval:
    start = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return Interval(start, start + DAY)


def names(found: Any) -> list[str]:
    return sorted(each.name for each in found)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Put an empty file into the inbox, `tmp_path`, as if it had been written at a moment."""

    def put(name: str, modified: str = "2026-11-30T12:00:00+00:00") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"12345")
        moment = dt.datetime.fromisoformat(modified).timestamp()
        os.utime(file, (moment, moment))
        return file

    return put


def test_the_date_in_the_key_counts_and_not_when_it_was_written(
    tmp_path: Path, folder: Callable
) -> None:
    folder("2026-11-23/calc_1.hdf5")
    folder("nz/2026-11-23/late/calc_2.hdf5")
    folder("2026-11-24/calc_3.hdf5", "2026-11-23T12:00:00+00:00")
    found = list(arrivals(str(tmp_path), day("2026-11-23"), SETTINGS))
    assert ["2026-11-23/calc_1.hdf5", "nz/2026-11-23/late/calc_2.hdf5"] == names(found)
    midnight = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    uri = f"{tmp_path}/2026-11-23/calc_1.hdf5"
    assert Arrival(uri, "2026-11-23/calc_1.hdf5", 5, midnight) in found


@pytest.mark.parametrize("name", ["calc.hdf5", "nz/calc.hdf5", "2026-02-30/c.hdf5", "2026-11-1/c"])
def test_without_a_date_it_counts_when_it_was_last_modified(
    tmp_path: Path, folder: Callable, name: str
) -> None:
    folder(name, "2026-11-23T23:59:59.999+00:00")
    assert [name] == names(arrivals(str(tmp_path), day("2026-11-23"), SETTINGS))
    assert [] == names(arrivals(str(tmp_path), day("2026-11-24"), SETTINGS))


@pytest.mark.parametrize("prefix", ["", "nz/", "2026-11-30/"])
def test_what_was_shipped_with_a_stream_has_not_arrived(
    tmp_path: Path, folder: Callable, prefix: str
) -> None:
    """It is known by its stream; another file that happens to lie near it is not."""
    folder(f"{prefix}streams/CALC13/20261126T101500-0a1b2c3d/calculation.hdf5")
    others = ["streams/calc_1.hdf5", "streams/CALC13/calc_2.hdf5", "streams/2026/nz/calc_3.hdf5"]
    for other in others:
        folder(f"{prefix}{other}")
    found = names(arrivals(str(tmp_path), day("2026-11-30"), SETTINGS))
    assert sorted(f"{prefix}{other}" for other in others) == found


def test_a_file_belongs_to_exactly_one_of_consecutive_days(
    tmp_path: Path, folder: Callable
) -> None:
    folder("2026-11-23/a.hdf5", "2026-11-25T00:00:00+00:00")
    folder("b.hdf5", "2026-11-24T00:00:00+00:00")  # midnight is the beginning of the 24th
    folder("c.hdf5", "2026-11-24T12:59:59+13:00")  # the 23rd, UTC
    by_day = {
        text: names(arrivals(f"{tmp_path}/", day(text), SETTINGS))
        for text in ("2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25")
    }
    assert {
        "2026-11-22": [],
        "2026-11-23": ["2026-11-23/a.hdf5", "c.hdf5"],
        "2026-11-24": ["b.hdf5"],
        "2026-11-25": [],
    } == by_day


def test_the_first_folder_that_is_a_date_is_the_date() -> None:
    assert dt.date(2026, 11, 23) == date_of("2026-11-23/2026-11-24/c.hdf5")
    assert dt.date(2026, 11, 24) == date_of("2026-13-01/2026-11-24/c.hdf5")
    assert date_of("2026-11-24") is None
    assert date_of("２０２６-11-24/c.hdf5") is None


def test_odd_names_and_links_are_found_and_left_to_be_refused(
    tmp_path: Path, folder: Callable
) -> None:
    (tmp_path / "2026-11-23").mkdir()
    (tmp_path / "2026-11-23" / "link.hdf5").symlink_to("nowhere")
    (tmp_path / "2026-11-23" / os.fsdecode(b"\xff.hdf5")).touch()
    found = names(arrivals(str(tmp_path), day("2026-11-23"), SETTINGS))
    assert ["2026-11-23/\\udcff.hdf5", "2026-11-23/link.hdf5"] == found


@pytest.mark.parametrize("inbox", ["", "/no/such/folder", "https://example.org/inbox"])
def test_an_inbox_that_is_none_is_a_matter_of_configuration(inbox: str) -> None:
    with pytest.raises(Misconfigured):
        list(arrivals(inbox, day("2026-11-23"), SETTINGS))


@pytest.fixture
def bucket(aws_environment: dict[str, str]) -> Callable[..., str]:
    """Make a bucket with empty objects; return its name."""

    def make(*keys: str) -> str:
        s3, name = s3_client(Settings.from_environment()), f"inbox-{os.urandom(4).hex()}"
        s3.create_bucket(Bucket=name)
        for key in keys:
            s3.put_object(Bucket=name, Key=key, Body=b"12345")
        return name

    return make


def test_keys_below_the_prefix_are_found_with_their_dates(bucket: Callable) -> None:
    odd = ["2026-11-23//a.hdf5", "2026-11-23/../b.hdf5", "2026-11-23/%41 +é{{}}\n.hdf5"]
    keys = ["2026-11-23/c.hdf5", "nz/2026-11-23/late/d.hdf5", *odd]
    others = ["2026-11-22/e.hdf5", "2026-11-24/f.hdf5", "2026-11-23/", "today.hdf5"]
    name = bucket(*(f"in/box/{key}" for key in keys + others), "in/boxes/2026-11-23/z.hdf5")
    for inbox in (f"s3://{name}/in/box", f"s3://{name}/in/box/"):
        found = list(arrivals(inbox, day("2026-11-23"), Settings.from_environment()))
        assert sorted(keys) == names(found)
        assert {f"s3://{name}/in/box/{key}" for key in keys} == {each.uri for each in found}
        assert {5} == {each.size for each in found}


def test_an_object_without_a_date_arrived_when_s3_got_it(bucket: Callable) -> None:
    name = bucket("calc.hdf5")
    settings, now = Settings.from_environment(), dt.datetime.now(dt.UTC)
    assert ["calc.hdf5"] == names(
        arrivals(f"s3://{name}", Interval(now - DAY, now + DAY), settings)
    )
    assert [] == names(arrivals(f"s3://{name}", Interval(now - 2 * DAY, now - DAY), settings))


def test_folders_of_other_days_are_not_listed(
    bucket: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inbox of years costs a day no more than its own folder."""
    name = bucket(*(f"2026-11-{n:02d}/calc.hdf5" for n in range(1, 31)))
    listed: list[str] = []

    def counting(settings: Settings) -> Any:
        client = s3_client(settings)
        client.meta.events.register(
            "before-parameter-build.s3.ListObjectsV2",
            lambda params, **_: listed.append(params["Prefix"]),
        )
        return client

    monkeypatch.setattr("hazard_store.inbox.arrivals.s3_client", counting)
    found = arrivals(f"s3://{name}/", day("2026-11-23"), Settings.from_environment())
    assert ["2026-11-23/calc.hdf5"] == names(found)
    assert ["", "2026-11-23/"] == listed


def test_more_files_than_a_page_are_all_found(bucket: Callable) -> None:
    name = bucket(*(f"2026-11-23/calc_{n}.hdf5" for n in range(1005)))
    found = list(arrivals(f"s3://{name}/", day("2026-11-23"), Settings.from_environment()))
    assert 1005 == len({each.name for each in found}) == len(found)


def test_a_bucket_that_is_not_there_is_a_matter_of_configuration(
    aws_environment: dict[str, str],
) -> None:
    with pytest.raises(Misconfigured, match="there is no bucket nowhere"):
        list(arrivals("s3://nowhere/x/", day("2026-11-23"), Settings.from_environment()))
