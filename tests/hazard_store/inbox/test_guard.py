"""Which files a DAG parameter may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import BadParameter, Misconfigured
from hazard_store.inbox.guard import require_in_inbox

BUCKET, PREFIX = "s3://hazard-inbox/", "s3://hazard-inbox/new"


@pytest.mark.parametrize("inbox", [BUCKET, "s3://hazard-inbox"])
@pytest.mark.parametrize("name", ["calc_1.hdf5", "2026-11-23/calc_1.hdf5", "a b.hdf5", "..a"])
def test_files_of_the_bucket_are_let_through(inbox: str, name: str) -> None:
    """The guard raises nothing."""
    require_in_inbox(f"s3://hazard-inbox/{name}", inbox)


@pytest.mark.parametrize(
    ("uri", "inbox"),
    [
        ("s3://hazard-inbox-evil/calc.hdf5", BUCKET),
        ("s3://hazard-inbox-evil/calc.hdf5", "s3://hazard-inbox"),
        ("s3://other/hazard-inbox/calc.hdf5", BUCKET),
        ("S3://hazard-inbox/calc.hdf5", BUCKET),
        (BUCKET, BUCKET),
        ("s3://hazard-inbox", BUCKET),
        ("s3://hazard-inbox/../other/calc.hdf5", BUCKET),
        ("s3://hazard-inbox/new/../old/calc.hdf5", PREFIX),
        ("s3://hazard-inbox/new/./calc.hdf5", PREFIX),
        ("s3://hazard-inbox/new//calc.hdf5", PREFIX),
        ("s3://hazard-inbox/newer/calc.hdf5", PREFIX),
        ("s3://hazard-inbox/new/%2e%2e/calc.hdf5", PREFIX),
        ("s3://hazard-inbox/new\\..\\calc.hdf5", PREFIX),
        ("s3://hazard-inbox/new/calc.hdf5?versionId=1", PREFIX),
        ("s3://hazard-inbox/new/{{ conn.aws_default.password }}", PREFIX),
        ("s3://hazard-inbox/new/calc.hdf5\n", PREFIX),
        ("/etc/passwd", BUCKET),
        ("file:///etc/passwd", BUCKET),
        ("https://hazard-inbox/calc.hdf5", BUCKET),
        ("", BUCKET),
    ],
)
def test_other_places_are_refused(uri: str, inbox: str) -> None:
    with pytest.raises(BadParameter, match="calc_file"):
        require_in_inbox(uri, inbox)


def test_the_refusal_names_the_parameter() -> None:
    with pytest.raises(BadParameter, match=r"^parent_file: "):
        require_in_inbox("/etc/passwd", BUCKET, "parent_file")


def test_a_folder_can_be_the_inbox(tmp_path: Path) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "secret.hdf5"
    (inbox / "today").mkdir(parents=True)
    outside.touch()
    (inbox / "link.hdf5").symlink_to(outside)
    (inbox / "inner.hdf5").symlink_to(inbox / "today" / "calc.hdf5")
    require_in_inbox(f"{inbox}/today/calc.hdf5", str(inbox))
    require_in_inbox(f"{inbox}/inner.hdf5", f"{inbox}/")
    for uri in (f"{inbox}/link.hdf5", f"{inbox}/../secret.hdf5", str(outside), "secret.hdf5"):
        with pytest.raises(BadParameter):
            require_in_inbox(uri, str(inbox))


def test_without_an_inbox_nothing_may_be_read() -> None:
    with pytest.raises(Misconfigured, match="HAZARD_STORE_INBOX"):
        require_in_inbox("s3://hazard-inbox/calc.hdf5", "")
