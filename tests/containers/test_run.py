"""A real calculation through Airflow, ECS and real containers of the writer image."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import aws
from local.cli import SAMPLE
from tests.containers.composed import (
    WRITER,
    Composed,
    docker,
    expected_items,
    inspected,
    keys_in_order,
    report_in,
    run_dag,
    until,
)
from tests.support.streams import MadeStream

pytestmark = pytest.mark.containers

CHUNKS = 3
CHUNKED = {"sites_per_chunk": 12}  # 34 sites
SLOW = {"layout": "readable", "max_wcu_per_s": 60}  # a writer is at work for some 20 s
REMOVAL_LIMIT_S = 300
RUNS = "dags/store_hazard/dagRuns"
SITES, STATS, RLZS = 34, 7, 12


def test_the_sample_is_stored_by_containers_of_the_writer_image(composed: Composed):
    """ECS runs one container for each piece of work; the counts are exact and nothing is left."""
    uri = aws.upload(composed.stack, SAMPLE)
    run = run_dag(composed, {"calc_id": "SAMPLE", "calc_file": uri, **CHUNKED})
    assert "success" == run.state, run.logs

    shown = composed.hazard_store("show", "SAMPLE")
    assert "published" == shown["status"]
    per_item = shown["realisations_per_item"]
    expected = expected_items(SAMPLE, per_item)
    audit = composed.hazard_store("audit", "SAMPLE", "--calc-file", uri)
    for kind, items in expected.items():
        assert (items, items) == (audit[kind]["expected"], audit[kind]["stored"])
        assert items == audit[kind]["acknowledged"] + audit[kind]["found"]
    assert (0, 0, 0) == (audit["missing"], audit["extra"], audit["altered"])

    # inspect, writers of two kinds and audits
    work = run.of_containers()
    assert 1 + 3 * CHUNKS == len(work)
    assert len(work) == len(run.created)
    assert {WRITER} == {each["image"] for each in run.created}
    ecs = composed.client("ecs")
    stopped = ecs.list_tasks(cluster=composed.stack.cluster, desiredStatus="STOPPED")["taskArns"]
    assert {each["com.amazonaws.ecs.task-arn"] for each in run.created} <= set(stopped)
    assert [] == ecs.list_tasks(cluster=composed.stack.cluster)["taskArns"]
    for each in run.created:
        assert {composed.writer_network} == run.connected[each["id"]]

    for each in work:
        log = run.logs[each["task_id"], each["map_index"]]
        assert report_in(log) is not None, log
    assert [] == composed.of_ecs()


def test_a_stream_is_stored_by_containers_while_it_arrives(composed: Composed, tmp_path: Path):
    """All that is stored and published equals the engine's file, which was shipped with it."""
    made, s3 = MadeStream(SAMPLE, tmp_path, "STREAMED"), composed.client("s3")
    bucket, folder = composed.stack.inbox_bucket, made.folder.relative_to(tmp_path)

    def send() -> None:
        """Put what there is of it into the inbox, the end last."""
        for file in sorted(made.folder.iterdir(), key=lambda path: path.name == "end.json"):
            s3.upload_file(str(file), bucket, f"{folder}/{file.name}")

    def arrive() -> None:
        until(composed.of_ecs, "the first container", 120)
        made.give(1, 2)
        made.end(shipped=made.ship(SAMPLE))
        send()

    made.give(0)
    send()
    conf = {"calc_id": "STREAMED", "manifest": f"s3://{bucket}/{folder}/manifest.json"}
    run = run_dag(composed, conf, arrive, "stream_hazard")
    assert "success" == run.state, run.logs

    assert "published" == composed.hazard_store("show", "STREAMED")["status"]
    audit = composed.hazard_store(
        "audit", "STREAMED", "--calc-file", aws.upload(composed.stack, SAMPLE)
    )
    for kind, rows in (("stats", STATS), ("realisations", RLZS)):
        assert SITES * rows == audit[kind]["rows"]
        assert audit[kind]["stored"] == audit[kind]["expected"]
    assert (0, 0, 0) == (audit["missing"], audit["extra"], audit["altered"])
    left = s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")["Contents"]
    assert {"calculation.head", "calculation.hdf5", "end.json", "manifest.json"} == {
        each["Key"].rpartition("/")[2] for each in left
    }
    assert {WRITER} == {each["image"] for each in run.created}


def test_a_killed_writer_is_healed_by_its_retry(composed: Composed):
    """`docker kill` in the middle of a chunk costs a retry, which finds what was written."""
    uri = aws.upload(composed.stack, SAMPLE)
    dynamodb = composed.client("dynamodb")
    in_order = keys_in_order(SAMPLE, "KILLED")

    def in_the_middle() -> str | None:
        """Return a writer of statistics that has written some of its own items."""
        stored = dynamodb.scan(
            TableName=f"HazardStats-{composed.stack.stage}",
            FilterExpression="begins_with(haz_sol_id, :calc)",
            ExpressionAttributeValues={":calc": {"S": "KILLED"}},
            ProjectionExpression="haz_sol_id, loc_agg_rk",
        )["Items"]
        sites = {(i["haz_sol_id"]["S"], i["loc_agg_rk"]["S"].partition(":")[0]) for i in stored}
        for each in inspected(*composed.of_ecs()):
            command = each["Config"]["Cmd"]
            if "stats" in command:
                start, stop = map(int, command[command.index("--sites") + 1].split(":"))
                if sites & set(in_order[start:stop]):
                    return str(each["Id"])
        return None

    def kill_one() -> None:
        docker("kill", until(in_the_middle, "a writer in the middle of its chunk", 180))

    conf = {"calc_id": "KILLED", "calc_file": uri, **CHUNKED, **SLOW}
    run = run_dag(composed, conf, kill_one)
    assert "success" == run.state, run.logs

    tries = {(i["task_id"], i["map_index"]): i["try_number"] for i in run.of_containers()}
    again = [each for each, number in tries.items() if number > 1]
    assert [2] == [tries[each] for each in again]
    assert len(tries) + 1 == len(run.created)
    report = report_in(run.logs[again[0]])
    assert report is not None
    assert report["found"] > 0  # what the killed one had written
    assert report["acknowledged"] > 0  # it was killed before its end
    audit = composed.hazard_store("audit", "KILLED", "--calc-file", uri)
    assert SITES * STATS == audit["stats"]["stored"] == audit["stats"]["expected"]
    assert SITES * RLZS == audit["realisations"]["stored"] == audit["realisations"]["expected"]
    assert (0, 0, 0) == (audit["missing"], audit["extra"], audit["altered"])
    assert [] == composed.of_ecs()


def test_no_container_is_left(composed: Composed):
    """MiniStack keeps a container that has ended for two minutes, then it removes it."""
    assert [] == composed.of_ecs()
    first = composed.of_runs[0]  # it ended so long ago that there is little to wait for
    assert first
    until(lambda: not first & set(composed.of_ecs("--all")), "their removal", REMOVAL_LIMIT_S)


def test_what_is_stored_survives_a_restart(composed: Composed):
    """After `down` and `up` the calculations, the runs and the login are those of before."""
    before = composed.hazard_store("list")
    login = (composed.stack.home / "airflow-login.json").read_text()
    runs = composed.api().get(RUNS)["total_entries"]
    composed.compose("down")
    composed.up()
    assert before
    assert before == composed.hazard_store("list")
    assert login == (composed.stack.home / "airflow-login.json").read_text()
    assert runs == composed.api().get(RUNS)["total_entries"]
