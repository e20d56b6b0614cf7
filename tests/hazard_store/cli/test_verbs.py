"""The command line's contract: exit codes, one JSON document, what people read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from hazard_store.model import IfStored, KeyScheme, Kind, StoreOptions
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from tests.support.calc_factory import make_calc, make_child, make_parent
from tests.support.loading import CALCS, Silent, all_items, drop_tables, items_of, stored
from tests.support.plain_curves import plain_calc

FILE = CALCS / "classical_rlzs_stats.hdf5"
STATS_ONLY = CALCS / "stats_only.hdf5"
CUSTOM_IDS = CALCS / "custom_ids.hdf5"


def begun(store: Store, calc_id: str = "A", path: Path = FILE, **options: object):
    """Begin a calculation, as the DAG's first tasks do, and write nothing of its curves."""
    plan = inspect_and_plan(str(path), calc_id, StoreOptions(**options), store.settings, Silent())
    return claim(store, plan, "run-1", IfStored.FAIL).head


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-verb"],
        ["load"],
        ["load", FILE],
        ["load", FILE, "A", "--no-such-option"],
        ["load", FILE, "A", "--key-scheme", "other"],
        ["load", FILE, "A", "--layout", "other"],
        ["load", FILE, "A", "--realisations-per-item", "0"],
        ["load", FILE, "A", "--realisations-per-item", "100000"],
        ["load", FILE, "A", "--statistics-per-item", "100000"],
        ["load", FILE, "A", "--sites-per-chunk", "0"],
        ["load", FILE, "A", "--sites-per-chunk", str(10**30)],
        ["load", FILE, "A", "--max-wcu-per-s", "0"],
        ["load", FILE, "A", "--max-wcu-per-s", "1e-300"],
        ["load", FILE, "A", "--workers", "0"],
        ["load", FILE, "not an id"],
        ["load", FILE, "#calculations"],
        ["load", FILE, "A@2"],
        ["tables", "drop"],
        ["audit", "A", "--sites", "5"],
        ["audit", "A", "--sites", "5:5"],
        ["write", FILE, "A", "--kind", "other", "--sites", "0:1"],
        ["show", "not an id"],
        ["curves", "A", "--format", "xml"],
    ],
    ids=lambda words: " ".join(getattr(word, "name", str(word)) for word in words),
)
def test_wrong_usage(store: Store, cli, words: list[object]):
    """Exit code 2, nothing on stdout, nothing stored."""
    ended = cli(*words)
    assert ended.code == 2
    assert ended.out == ""
    assert not any(all_items(store).values())


@pytest.mark.parametrize(
    "words",
    [
        ["show", "A"],
        ["show", "A", "--json"],
        ["audit", "A"],
        ["audit", "A", "--json"],
        ["publish", "A"],
        ["curves", "A"],
        ["curves", "A", "--format", "json"],
        ["write", FILE, "A", "--kind", "stats", "--sites", "0:6"],
        ["get_hazard", "A"],
        ["load", CALCS / "no-such-file.hdf5", "A"],
        ["load", "s3://no-such-bucket-anywhere/calc.hdf5", "A"],
        ["inspect", CALCS / "no-such-file.hdf5"],
        ["plan", CALCS / "no-such-file.hdf5", "A"],
        ["store_hazard", CALCS / "no-such-file.hdf5", "A"],
    ],
    ids=lambda words: " ".join(getattr(word, "name", str(word)) for word in words),
)
def test_no_such_file_or_calculation(store: Store, cli, words: list[object]):
    ended = cli(*words)
    assert ended.code == 66
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_help_and_version(cli):
    assert cli("--help").code == 0
    assert cli("load", "--help").code == 0
    assert cli("--version").code == 0


def test_bad_input_names_file_and_reason(store: Store, cli, tmp_path: Path):
    """Sites that are alike in coordinates and vs30 can have no codes of their own."""
    path = make_calc(tmp_path / "alike.hdf5", lat=[1, 2, 1], lon=[5, 5, 5], vs30=400).path
    ended = cli("load", path, "A", "--json")
    assert ended.code == 65
    assert "alike.hdf5" in ended.sentence
    assert "sites 0 and 2 have the same coordinates to five decimals" in ended.sentence
    assert ended.out == ""


def test_custom_ids_can_be_replaced_by_codes(store: Store, cli, tmp_path: Path):
    """`--force-normalised-sites` takes the coordinates, where the ids clash too."""
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=3, custom_ids=["a", "b", "a"])
    refused = cli("load", path, "A")
    assert refused.code == 65
    assert "--force-normalised-sites" in refused.sentence
    assert cli("load", path, "A", "--force-normalised-sites").code == 0
    curves = json.loads(cli("curves", "A", "--agg", "mean", "--format", "json").out)
    assert {f"[{lat:.3f}~{lon:.3f}]" for lat, lon in plain_calc(path).coordinates} == {
        curve["loc"] for curve in curves
    }


@pytest.mark.parametrize(
    "verb", [["list"], ["show", "A"], ["load", FILE, "A"], ["tables", "create"]]
)
def test_without_a_region(store: Store, cli, monkeypatch: pytest.MonkeyPatch, verb: list[object]):
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ended = cli(*verb)
    assert ended.code == 78
    assert "AWS_REGION" in ended.sentence
    assert ended.out == ""


@pytest.mark.parametrize(
    "verb",
    [
        ["list"],
        ["show", "A"],
        ["load", FILE, "A"],
        ["tables", "create"],
        ["tables", "delete", "--yes"],
    ],
)
def test_without_credentials(store: Store, cli_process, verb: list[object]):
    ended = cli_process(*verb, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert ended.code == 78
    assert "credentials" in ended.sentence
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "verb",
    [
        ["list"],
        ["show", "A"],
        ["audit", "A"],
        ["load", FILE, "A"],
        ["publish", "A"],
        ["curves", "A"],
    ],
)
def test_without_tables(store: Store, cli, verb: list[object]):
    drop_tables(store)
    ended = cli(*verb)
    assert ended.code == 78
    assert "tables create" in ended.sentence
    assert ended.out == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HAZARD_STORE_STAGE", "a b"), ("HAZARD_STORE_REQUEST_THREADS", "many")],
)
def test_wrong_settings(cli_process, aws_environment, variable: str, value: str):
    ended = cli_process("list", **{variable: value})
    assert ended.code == 78
    assert variable in ended.sentence


def test_tables_are_created_and_deleted(store: Store, cli):
    drop_tables(store)
    created = cli("tables", "create")
    assert created.code == 0
    names = {store.settings.meta_table, *(store.table(kind) for kind in Kind)}
    assert names <= set(created.out.split())
    assert cli("tables", "create").out == "nothing to do\n"
    assert cli("load", FILE, "A").code == 0
    assert names <= set(cli("tables", "delete", "--yes").out.split())
    assert cli("list").code == 78
    assert cli("tables", "delete", "--yes").out == "nothing to do\n"


def test_inspect(cli, aws_environment):
    found = json.loads(cli("inspect", FILE, "--json").out)
    calc = plain_calc(FILE)
    assert len(calc.locs) == found["n_sites"]
    assert calc.imts == found["imts"]
    assert list(calc.stats) == found["aggs"]
    assert calc.rlzs.shape[1] == found["n_realisations"]
    assert 64 == len(found["sha256"])
    assert "classical_rlzs_stats" in cli("inspect", FILE).out


def test_plan_writes_nothing_and_tells_what_load_does(store: Store, cli):
    planned = json.loads(cli("plan", FILE, "A", "--json", "--realisations-per-item", 5).out)
    assert not any(all_items(store).values())
    loaded = json.loads(cli("load", FILE, "A", "--json", "--realisations-per-item", 5).out)
    forecast = planned["forecast"]
    assert forecast["stats_items"] == loaded["stats"]["stored"]
    assert forecast["realisations_items"] == loaded["realisations"]["stored"] == 6 * 3
    for kind in ("stats", "realisations"):
        assert forecast[f"{kind}_wcu"] == pytest.approx(loaded["phases"][kind]["wcu"], rel=0.2)
    shown = json.loads(cli("show", "A", "--json").out)
    assert planned["forecast"] == shown["forecast"]


def test_load_json(store: Store, cli):
    ended = cli("load", FILE, "A", "--json")
    found = json.loads(ended.out)
    n_sites, n_rlzs, n_stats = 6, 12, 6
    assert ended.code == 0
    assert found["calc_id"] == "A"
    assert found["status"] == "published"
    counts = {"expected": 6, "acknowledged": 6, "found": 0, "stored": 6}
    assert {"rows": n_sites * n_rlzs, **counts} == found["realisations"]
    stats = dict.fromkeys(("expected", "acknowledged", "stored"), 2 * n_sites)
    assert {"rows": n_sites * n_stats, **stats, "found": 0} == found["stats"]
    assert dict.fromkeys(stats | {"rows": 0, "found": 0}, 0) == found["maps"]
    assert [0, 0, 0] == [found[how] for how in ("missing", "extra", "altered")]
    assert [] == found["differences"]
    assert {"wcu": 0} == found["phases"].pop("maps")
    assert ["meta", "stats", "realisations", "audit"] == list(found["phases"])
    for name, phase in found["phases"].items():
        assert phase["seconds"] > 0, name
        assert phase["cpu_seconds"] >= 0, name
        assert {"wcu", "rcu"} & set(phase), name
    assert found["phases"]["stats"]["wcu"] >= 12


def test_load_json_without_realisations(store: Store, cli):
    found = json.loads(cli("load", FILE, "A", "--json", "--no-realisations").out)
    assert found["status"] == "published"
    assert dict.fromkeys(found["realisations"], 0) == found["realisations"]
    assert ["meta", "stats", "realisations", "audit", "maps"] == list(found["phases"])
    assert [] == items_of(store, store.settings.realisations_table)
    assert cli("curves", "A", "--rlz", "0").code == 66
    assert cli("audit", "A").code == 0


def test_realisations_only(store: Store, cli):
    found = json.loads(cli("load", CALCS / "rlzs_only.hdf5", "A", "--json").out)
    assert found["status"] == "published"
    assert 0 == found["stats"]["expected"] == found["stats"]["stored"]
    assert 0 < found["realisations"]["expected"]


def test_neither_statistics_nor_realisations(store: Store, cli):
    ended = cli("load", CALCS / "rlzs_only.hdf5", "A", "--no-realisations")
    assert ended.code in (2, 65)
    assert not any(all_items(store).values())


def test_load_again_changes_nothing(store: Store, cli, everything):
    """The same file, already published: done."""
    first = json.loads(cli("load", FILE, "A", "--json").out)
    before = everything()
    ended = cli("load", FILE, "A", "--json")
    again = json.loads(ended.out)
    assert ended.code == 0
    assert before == everything()
    assert {k: first[k] for k in ("status", "stats", "realisations")} == {
        k: again[k] for k in ("status", "stats", "realisations")
    }
    assert ["meta", "stats", "realisations", "audit", "maps"] == list(again["phases"])
    assert "already published" in cli("load", FILE, "A").out


@pytest.mark.parametrize(
    "other",
    [
        ["--realisations-per-item", "5"],
        ["--key-scheme", "calc"],
        ["--key-scheme", "location"],
        ["--layout", "readable"],
        ["--no-realisations"],
        ["--if-stored", "resume", "--realisations-per-item", "5"],
        ["--if-stored", "resume", "--key-scheme", "calc"],
    ],
    ids=" ".join,
)
def test_load_with_other_parameters_is_refused(store: Store, cli, everything, other: list[str]):
    assert cli("load", FILE, "A").code == 0
    before = everything()
    ended = cli("load", FILE, "A", *other)
    assert ended.code == 73
    assert before == everything()
    assert len(ended.err.strip().splitlines()) == 1


def test_load_of_another_file_is_refused(store: Store, cli, everything):
    assert cli("load", FILE, "A").code == 0
    before = everything()
    assert cli("load", STATS_ONLY, "A").code == 73
    assert before == everything()


def test_a_copy_of_the_file_is_the_same_file(store: Store, cli, tmp_path: Path):
    assert cli("load", FILE, "A").code == 0
    copy = tmp_path / "copy.hdf5"
    copy.write_bytes(FILE.read_bytes())
    assert cli("load", copy, "A").code == 0
    assert cli("audit", "A", "--calc-file", copy).code == 0


def test_publish_without_audit_is_refused(store: Store, cli):
    begun(store)
    ended = cli("publish", "A")
    assert ended.code == 73
    assert "audit" in ended.sentence
    assert cli("curves", "A").code == 66
    assert [] == json.loads(cli("list", "--json").out)


def test_each_step_by_hand(store: Store, cli):
    """As the DAG does it: write each chunk, audit, publish."""
    head = begun(store, key_scheme=KeyScheme.CALC, sites_per_chunk=4)
    assert ["0:4", "4:6"] == list(map(str, head.calculation.chunks))
    for chunk in head.calculation.chunks:
        for kind in Kind:
            ended = cli("write", FILE, "A", "--kind", kind, "--sites", chunk)
            report = json.loads(ended.out.strip().splitlines()[-1])
            assert ended.code == 0
            assert report["expected"] == report["acknowledged"] == report["sent"]
            assert report["complete"] is True
            assert {"found", "wcu", "retries", "seconds", "digests"} <= set(report)
    assert cli("publish", "A").code == 73
    assert cli("curves", "A").code == 66
    assert cli("audit", "A", "--calc-file", FILE).code == 0
    assert cli("publish", "A").code == 0
    assert cli("publish", "A").code == 0
    assert ["published"] == [c["status"] for c in json.loads(cli("list", "--json").out)]
    again = cli("write", FILE, "A", "--kind", "stats", "--sites", "0:4")
    assert again.code == 73


def test_an_audit_of_half_a_calculation_fails(store: Store, cli):
    head = begun(store)
    (chunk,) = head.calculation.chunks
    cli("write", FILE, "A", "--kind", "stats", "--sites", chunk)
    ended = cli("audit", "A", "--json")
    found = json.loads(ended.out)
    assert ended.code == 1
    assert found["missing"] == found["realisations"]["expected"] == 6
    assert found["stats"]["stored"] == 12
    assert cli("publish", "A").code == 73


def test_list_and_show(store: Store, cli):
    stored(store, FILE, "B")
    stored(store, STATS_ONLY, "A", key_scheme=KeyScheme.LOCATION)
    begun(store, "C")
    listed = json.loads(cli("list", "--json").out)
    assert [("A", "published"), ("B", "published")] == [(c["calc_id"], c["status"]) for c in listed]
    everything = json.loads(cli("list", "--all", "--json").out)
    assert [("A", "published"), ("B", "published"), ("C", "writing")] == [
        (c["calc_id"], c["status"]) for c in everything
    ]
    shown = json.loads(cli("show", "B", "--json").out)
    assert shown["calc_id"] == "B"
    assert shown["status"] == "published"
    assert shown["key_scheme"] == "calc-location"
    assert shown["imts"] == plain_calc(FILE).imts
    for verb in (["list"], ["list", "--all"], ["show", "B"], ["show", "C"]):
        assert cli(*verb).code == 0
        assert "B" in cli(*verb).out or "C" in verb


def test_an_empty_store(store: Store, cli):
    assert "[]\n" == cli("list", "--json").out
    assert cli("list").code == 0


@pytest.mark.parametrize("path", [FILE, CUSTOM_IDS, CALCS / "no_vs30.hdf5"], ids=lambda p: p.stem)
def test_curves_json_returns_every_bit(store: Store, cli, path: Path):
    stored(store, path)
    curves = json.loads(cli("curves", "A", "--format", "json").out)
    calc = plain_calc(path)
    expected = calc.stats_curves() | calc.rlz_curves()
    found = {}
    for curve in curves:
        row = curve["agg"] if "agg" in curve else curve["rlz"]
        names = {"calc_id", "loc", "lat", "lon", "vs30", "imt", "imls", "poes", "years", "unit"}
        assert names | {"agg" if "agg" in curve else "rlz"} == set(curve)
        assert calc.levels[curve["imt"]] == curve["imls"]
        found[curve["loc"], row, curve["imt"]] = np.array(curve["poes"], np.float32).tobytes()
    assert expected == found
    assert len(expected) == len(curves)


def test_curves_csv_returns_every_bit(store: Store, cli):
    stored(store, FILE)
    rows = list(csv.DictReader(io.StringIO(cli("curves", "A", "--format", "csv").out)))
    calc = plain_calc(FILE)
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        name = row["loc"], row["agg_or_rlz"], row["imt"]
        found.setdefault(name, []).append(float(row["poe"]))
    expected = calc.stats_curves() | calc.rlz_curves()
    assert expected == {k: np.array(v, np.float32).tobytes() for k, v in found.items()}


def test_curves_can_be_chosen(store: Store, cli):
    stored(store, FILE)

    def chosen(*options: str) -> list[tuple[str, str, str]]:
        curves = json.loads(cli("curves", "A", *options, "--format", "json").out)
        return [(c["loc"], c.get("agg", c.get("rlz")), c["imt"]) for c in curves]

    site, other = "[-41.300~174.780]", "[-40.350~175.620]"
    assert [(site, "mean", "PGA")] == chosen("--loc", site, "--agg", "mean", "--imt", "PGA")
    assert [(site, "mean", "PGA")] == chosen(
        "--loc", "-41.3,174.78", "--agg", "mean", "--imt", "PGA"
    )
    assert [(site, "00003", "PGA"), (other, "00003", "PGA")] == chosen(
        "--loc", site, "--loc", other, "--rlz", "3", "--imt", "PGA"
    )
    assert [("mean"), ("00011")] == [
        row for _, row, _ in chosen("--loc", site, "--agg", "mean", "--rlz", "11", "--imt", "PGA")
    ]
    assert 6 * (6 + 12) * 3 == len(chosen())
    assert 6 * 6 == len(
        chosen(
            "--agg", "mean", "--agg", "0.5", "--imt", "PGA", "--imt", "SA(0.5)", "--imt", "SA(1.0)"
        )
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--loc", "[-10.000~10.000]"],
        ["--loc", "nowhere"],
        ["--imt", "SA(9.9)"],
        ["--agg", "0.123"],
        ["--rlz", "12"],
        ["--rlz", "x"],
    ],
    ids=" ".join,
)
def test_curves_that_are_not_there(store: Store, cli, options: list[str]):
    stored(store, FILE)
    ended = cli("curves", "A", *options, "--format", "json")
    assert ended.code == 66
    assert options[1] in ended.sentence
    assert ended.out == ""


def test_unpublished_curves_only_on_demand(store: Store, cli):
    head = begun(store)
    (chunk,) = head.calculation.chunks
    for kind in Kind:
        cli("write", FILE, "A", "--kind", kind, "--sites", chunk)
    assert cli("curves", "A", "--format", "json").code == 66
    found = cli("curves", "A", "--format", "json", "--unpublished")
    assert found.code == 0
    assert 6 * (6 + 12) * 3 == len(json.loads(found.out))


def test_custom_ids_are_found_by_id_and_by_place(store: Store, cli):
    """Ids with a colon, a percent sign, a blank; the keys encode what divides their parts."""
    stored(store, CUSTOM_IDS)
    calc = plain_calc(CUSTOM_IDS)
    assert {"a:b", "50%"} <= set(calc.locs)
    for loc, (lat, lon) in zip(calc.locs, calc.coordinates, strict=True):
        for asked in (loc, f"{lat},{lon}"):
            ended = cli("curves", "A", "--loc", asked, "--agg", "mean", "--format", "json")
            assert {loc} == {curve["loc"] for curve in json.loads(ended.out)}
    keys = {item["loc_agg_rk"]["S"] for item in items_of(store, store.settings.stats_table)}
    assert {"a%3Ab:mean", "50%25:mean"} <= keys


def test_json_is_all_there_is_on_stdout(store: Store, cli_process):
    """Logs and progress go to stderr, whatever the verb."""
    for words in (
        ["load", FILE, "A", "--json"],
        ["audit", "A", "--json"],
        ["curves", "A", "--agg", "mean", "--format", "json"],
    ):
        ended = cli_process("-v", *words)
        assert ended.code == 0, ended.err
        json.loads(ended.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_create_tables_makes_what_the_tests_use(store: Store):
    """The tests make their tables by themselves, to be quick: the same ones."""
    names = [store.settings.meta_table, *(store.table(kind) for kind in Kind)]

    def schemas():
        told = [store.client.describe_table(TableName=name)["Table"] for name in names]
        wanted = ("KeySchema", "AttributeDefinitions", "BillingModeSummary")
        return [
            {
                "keys": table["KeySchema"],
                "types": sorted(map(str, table["AttributeDefinitions"])),
                "billing": table["BillingModeSummary"]["BillingMode"],
                "indexes": [table.get(f"{kind}SecondaryIndexes") for kind in ("Local", "Global")],
            }
            for table in told
        ], wanted

    mine = schemas()
    drop_tables(store)
    assert sorted(names) == sorted(create_tables(store.settings, protected=False))
    assert mine == schemas()


def test_a_continued_calculation_takes_its_parent(store: Store, cli, tmp_path: Path):
    """Each verb that reads the file takes --parent, and records or holds it against the record."""
    child = make_child(tmp_path / "calc_8.hdf5", 7).path
    parent = make_parent(tmp_path / "elsewhere.hdf5").path
    other = make_parent(tmp_path / "other.hdf5", r=3).path
    for words in (["inspect", child], ["plan", child, "A"], ["load", child, "A"]):
        alone = cli(*words)
        assert (alone.code, alone.out) == (65, "")
        assert "it continues calculation 7; its weights and logic tree are in calc_7.hdf5" in (
            alone.sentence
        )
        wrong = cli(*words, "--parent", other)
        assert (wrong.code, wrong.out) == (65, "")
        assert "it has 3 realisations, this file has curves of 2" in wrong.sentence
        assert cli(*words, "--parent", tmp_path / "none.hdf5").code == 66
        assert cli(*words, "--parent", parent).code == 0
    said = json.loads(cli("inspect", child, "--parent", parent, "--json").out)
    assert str(parent) == said["parent"]["uri"]
    assert str(parent) in cli("inspect", child, "--parent", parent).out.replace("\n", "")
    (chunk,) = store.head("A").calculation.chunks
    written = ["write", child, "A", "--kind", "stats", "--sites", chunk]
    for words in (["audit", "A", "--calc-file", child], ["repair", "A"], written):
        assert cli(*words, "--parent", other).code == 73
    for words in (["audit", "A", "--calc-file", child], ["repair", "A"]):
        assert cli(*words).code == 0
        assert cli(*words, "--parent", parent).code == 0
    assert cli("audit", "A", "--parent", parent).code == 2
