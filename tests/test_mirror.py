"""Each module's test is where one looks for it; no test leans on another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
INCLUDE = TESTS.parent / "include"
# What is tested with its neighbours, as one: the file where a change of the module shows.
TESTED_IN = {
    "hazard_airflow/audit_params.py": "dags/test_audit_and_remove_runs.py",
    "hazard_airflow/audit_steps.py": "dags/test_audit_and_remove_runs.py",
    "hazard_airflow/audit_tasks.py": "dags/test_audit_and_remove_runs.py",
    "hazard_airflow/awaiting.py": "hazard_airflow/test_arriving.py",
    "hazard_airflow/backfill/published.py": "hazard_airflow/backfill/test_operators.py",
    "hazard_airflow/backfill/settings.py": "dags/test_backfill_hazard.py",
    "hazard_airflow/backfill/tasks.py": "dags/test_backfill_hazard.py",
    "hazard_airflow/containers.py": "dags/test_store_hazard.py",
    "hazard_airflow/ecs/earlier.py": "dags/test_standalone_ecs.py",
    "hazard_airflow/ecs/end.py": "dags/test_ecs_faults.py",
    "hazard_airflow/ecs/recorded.py": "dags/test_ecs_faults.py",
    "hazard_airflow/ecs/request.py": "hazard_airflow/test_ecs_operator.py",
    "hazard_airflow/ecs/result.py": "hazard_airflow/test_ecs_operator.py",
    "hazard_airflow/ecs/tags.py": "dags/test_orphans.py",
    "hazard_airflow/ecs/temporary.py": "hazard_airflow/ecs/test_watch.py",
    "hazard_airflow/ecs/trigger.py": "dags/test_ecs_faults.py",
    "hazard_airflow/ecs/worker.py": "dags/test_ecs_faults.py",
    "hazard_airflow/ecs/orphans.py": "dags/test_orphans.py",
    "hazard_airflow/page/app.py": "plugins/test_hazard_calculation.py",
    "hazard_airflow/page/render.py": "plugins/test_hazard_calculation.py",
    "hazard_airflow/page/run.py": "dags/test_audit_and_remove_runs.py",
    "hazard_airflow/store_tasks.py": "dags/test_store_hazard_runs.py",
    "hazard_store/aws/codes.py": "hazard_store/aws/test_errors.py",
    "hazard_store/aws/retry.py": "hazard_store/writer/test_lanes.py",
    "hazard_store/calcfile/calcfile.py": "hazard_store/calcfile/test_open.py",
    "hazard_store/calcfile/checks.py": "hazard_store/calcfile/test_refusals.py",
    "hazard_store/calcfile/curves.py": "hazard_store/calcfile/test_open.py",
    "hazard_store/calcfile/fletcher.py": "hazard_store/calcfile/test_chunked.py",
    "hazard_store/calcfile/hdf5.py": "hazard_store/calcfile/test_damage.py",
    "hazard_store/calcfile/logictree.py": "hazard_store/calcfile/test_engine_files.py",
    "hazard_store/calcfile/lzf.py": "hazard_store/calcfile/test_chunked.py",
    "hazard_store/calcfile/metadata.py": "hazard_store/calcfile/test_open.py",
    "hazard_store/calcfile/oqparam.py": "hazard_store/calcfile/test_engine_files.py",
    "hazard_store/calcfile/sites.py": "hazard_store/calcfile/test_engine_files.py",
    "hazard_store/calcfile/sampler.py": "hazard_store/calcfile/test_inspection.py",
    "hazard_store/calcfile/unpacked.py": "hazard_store/calcfile/test_chunked.py",
    "hazard_store/cli/arrive.py": "hazard_store/workflow/test_arrive.py",
    "hazard_store/cli/answers.py": "hazard_store/cli/test_verbs.py",
    "hazard_store/cli/curves.py": "hazard_store/cli/test_reading.py",
    "hazard_store/cli/main.py": "hazard_store/cli/test_verbs.py",
    "hazard_store/cli/picture.py": "hazard_store/cli/test_plot.py",
    "hazard_store/cli/render.py": "hazard_store/cli/test_verbs.py",
    "hazard_store/cli/write.py": "hazard_store/cli/test_verbs.py",
    "hazard_store/calcfile/rebuilt.py": "hazard_store/export/test_engine_hdf5.py",
    "hazard_store/export/arrow.py": "hazard_store/export/test_parquet.py",
    "hazard_store/export/formats.py": "hazard_store/export/test_api.py",
    "hazard_store/export/gathered.py": "hazard_store/export/test_parquet.py",
    "hazard_store/export/request.py": "hazard_store/export/test_wanted.py",
    "hazard_store/files/blocks.py": "hazard_store/files/test_s3.py",
    "hazard_store/files/fileobj.py": "hazard_store/calcfile/test_damage.py",
    "hazard_store/files/open.py": "hazard_store/files/test_s3.py",
    "hazard_store/items/digest.py": "hazard_store/items/test_items.py",
    "hazard_store/items/layouts.py": "hazard_store/items/test_items.py",
    "hazard_store/items/packed.py": "hazard_store/items/test_items.py",
    "hazard_store/items/readable.py": "hazard_store/items/test_items.py",
    "hazard_store/items/size.py": "hazard_store/items/test_items.py",
    "hazard_store/items/spec.py": "hazard_store/items/test_items.py",
    "hazard_store/items/write_request.py": "hazard_store/items/test_items.py",
    "hazard_store/limits.py": "hazard_store/test_keys.py",
    "hazard_store/model.py": "hazard_store/test_keys.py",
    "hazard_store/plot/draw.py": "hazard_store/plot/test_curves.py",
    "hazard_store/plot/looks.py": "hazard_store/plot/test_curves.py",
    "hazard_store/plot/panels.py": "hazard_store/plot/test_curves.py",
    "hazard_store/plot/texts.py": "hazard_store/plot/test_curves.py",
    "hazard_store/prices.py": "hazard_store/workflow/test_costs.py",
    "hazard_store/query/ask.py": "hazard_store/query/test_api.py",
    "hazard_store/query/curves.py": "hazard_store/query/test_api.py",
    "hazard_store/query/curves_of.py": "hazard_store/query/test_api.py",
    "hazard_store/query/distance.py": "hazard_store/query/test_selection.py",
    "hazard_store/query/guess.py": "hazard_store/query/test_opened.py",
    "hazard_store/records/documents.py": "hazard_store/workflow/test_publish.py",
    "hazard_store/records/expressions.py": "hazard_store/records/test_states.py",
    "hazard_store/records/head.py": "hazard_store/workflow/test_publish.py",
    "hazard_store/records/heads.py": "hazard_store/records/test_states.py",
    "hazard_store/records/reports.py": "hazard_store/workflow/test_publish.py",
    "hazard_store/records/transitions.py": "hazard_store/records/test_states.py",
    "hazard_store/query/head_filter.py": "hazard_store/query/test_metadata.py",
    "hazard_store/query/weights.py": "hazard_store/query/test_recomputed.py",
    "hazard_store/submit/sending.py": "hazard_store/submit/test_submission.py",
    "hazard_store/submit/smaller.py": "hazard_store/submit/test_submission.py",
    "hazard_airflow/stream_params.py": "dags/test_stream_hazard_runs.py",
    "hazard_airflow/stream_tasks.py": "dags/test_stream_hazard_runs.py",
    "hazard_store/streamed/chunk_file.py": "hazard_store/streamed/test_stream.py",
    "hazard_store/streamed/documents.py": "hazard_store/streamed/test_stream.py",
    "hazard_store/streamed/inspection.py": "hazard_store/streamed/test_stream.py",
    "hazard_store/streamed/stream_file.py": "hazard_store/streamed/test_stream.py",
    "hazard_store/workflow/arrived.py": "hazard_store/workflow/test_arrive.py",
    "hazard_store/workflow/arrived_content.py": "hazard_store/workflow/test_arrive.py",
    "hazard_store/tables.py": "hazard_store/cli/test_verbs.py",
    "hazard_store/workflow/differences.py": "hazard_store/workflow/test_audit.py",
    "hazard_store/workflow/inspect.py": "hazard_store/workflow/test_claim_published.py",
    "hazard_store/workflow/pool.py": "hazard_store/workflow/test_load.py",
    "hazard_store/workflow/progress.py": "hazard_store/workflow/test_load.py",
    "hazard_store/workflow/rights.py": "hazard_store/workflow/test_check.py",
    "hazard_store/workflow/site_codes.py": "hazard_store/workflow/test_plan.py",
    "hazard_store/workflow/stale.py": "dags/test_audit_and_remove_runs.py",
    "hazard_store/workflow/strays.py": "hazard_store/workflow/test_audit.py",
    "hazard_store/writer/batches.py": "hazard_store/writer/test_faults.py",
    "hazard_store/writer/prebuilt_body.py": "hazard_store/writer/test_batch_writer.py",
}
MODULES = sorted(
    str(path.relative_to(INCLUDE))
    for path in INCLUDE.rglob("*.py")
    if not path.name.startswith("__")
)
FROM_A_TEST = re.compile(
    r"^\s*(?:from|import) tests\.[\w.]*\b(?:test_\w+|conftest)\b", re.MULTILINE
)


def own_test(module: str) -> Path:
    path = TESTS / module
    return path.with_name(f"test_{path.name}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_tested_where_one_looks_or_where_the_table_says(module: str):
    own = own_test(module)
    assert own.exists() != (module in TESTED_IN), f"{own}, or an entry in the table; not both"


@pytest.mark.parametrize("module", TESTED_IN)
def test_what_the_table_names_reaches_the_module(module: str):
    """By an import of its package, as a command, or as a DAG."""
    text = (TESTS / TESTED_IN[module]).read_text()
    package = Path(module).parent.as_posix().replace("/", ".")
    reaches = rf"^\s*(?:from|import) {re.escape(package)}\b"
    if package in ("hazard_store.cli", "hazard_store.workflow"):
        reaches += r"|\bcli\("
    if package.startswith("hazard_airflow"):
        reaches += r"|\brun\(|\bparsed\(|\brunning\("
    assert re.search(reaches, text, re.MULTILINE)


def test_the_table_names_no_module_that_is_gone():
    assert TESTED_IN.keys() <= set(MODULES)


def test_no_test_imports_from_another():
    """What tests share is in tests/support."""
    sources = {path: path.read_text() for path in TESTS.rglob("*.py")}
    assert {} == {
        str(path.relative_to(TESTS)): found
        for path, text in sources.items()
        if (found := FROM_A_TEST.findall(text))
    }
