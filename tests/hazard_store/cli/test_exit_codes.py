"""Each verb in each broken surrounding: the exit code, and a sentence that says what is true."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from hazard_store.store import Store
from local.ports import free_port
from tests.support import foreign_service as foreign
from tests.support.commands import Cli, Ended
from tests.support.crossed import crossed
from tests.support.loading import CALCS, RANGE_NAMES, drop_tables, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
VERBS: dict[str, list[object]] = {
    "list": ["list"],
    "show": ["show", "A"],
    "curves": ["curves", "A"],
    "plot": ["plot", "A", "--loc", "-41.3,174.78"],
    "get_hazard": ["get_hazard", "A"],
    "load": ["load", FILE, "A"],
    "store_hazard": ["store_hazard", FILE, "A"],
    "write": ["write", FILE, "A", "--kind", "stats", "--sites", "0:6"],
    "audit": ["audit", "A"],
    "publish": ["publish", "A"],
    "repair": ["repair", "A"],
    "remove": ["remove", "A", "--yes"],
    "tables create": ["tables", "create"],
    "tables delete": ["tables", "delete", "--yes"],
}
FAST = ("curves", "load", "tables create")  # one that reads, one that writes, one of the tables
LIMIT_S = 1
CONDITIONS: dict[str, tuple[foreign.Answer, int, str]] = {
    "a proxy's page": (foreign.page, 75, "not one of DynamoDB (HTTP 200, text/html"),
    "another service": (foreign.other_json, 75, "not one of DynamoDB (HTTP 200, application/json"),
    "an answer cut short": (foreign.cut_short, 75, "not one of DynamoDB"),
    "a web server": (foreign.not_found, 78, "is not a DynamoDB (HTTP 404"),
    "a redirection": (foreign.redirection, 78, "is not a DynamoDB (HTTP 307"),
    "an error without a name": (foreign.nameless, 78, "is not a DynamoDB (HTTP 400"),
    "a key that may not be used": (foreign.no_key, 78, "not accepted here (KMSAccessDenied"),
    "an unknown operation": (foreign.unknown_operation, 78, "is not a DynamoDB"),
    "a clock that is wrong": (foreign.late, 78, "this machine's clock is wrong"),
    "no end": (foreign.drips, 75, "AWS: "),
    "no answer": (foreign.hangs, 75, "AWS: "),
    "a conflict that stays": (foreign.conflict, 75, "ReplicatedWriteConflict"),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Callable[[str], None]:
    """Point DynamoDB to an address, with time limits of a second."""

    def point(address: str) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", address)
        monkeypatch.setenv("HAZARD_STORE_RETRY_LIMIT_S", str(LIMIT_S))
        monkeypatch.setenv("HAZARD_STORE_RETRY_CAP_S", "0.1")

    return point


def is_told(ended: Ended, code: int, says: str) -> None:
    """Check code and sentence: one line, no traceback, nothing on stdout."""
    assert (code, "") == (ended.code, ended.out), ended.err
    assert ended.sentence.partition(": ")[0] in ("hazard-store", "store_hazard", "get_hazard")
    assert says in ended.sentence
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(("verb", "condition"), crossed(VERBS, CONDITIONS, FAST))
def test_what_answers_is_not_as_it_should_be(
    aws_environment: dict[str, str], cli: Cli, impatient, verb: str, condition: str
):
    answer, code, says = CONDITIONS[condition]
    with foreign.serving(answer) as address:
        impatient(address)
        began = time.monotonic()
        is_told(cli(*VERBS[verb]), code, says)
    assert time.monotonic() - began < 10 * LIMIT_S


@pytest.mark.parametrize(("verb", "condition"), crossed(VERBS, ["nothing is there"], FAST))
def test_a_dead_endpoint_is_named_and_tried_again(
    aws_environment: dict[str, str],
    cli: Cli,
    impatient,
    caplog: pytest.LogCaptureFixture,
    verb: str,
    condition: str,
):
    address = f"http://127.0.0.1:{free_port()}"
    impatient(address)
    is_told(cli(*VERBS[verb]), 75, address)
    assert f"{address}/ does not answer" in caplog.text.replace(address, f"{address}/", 1) or (
        f"{address} does not answer" in caplog.text
    )
    assert "trying again for up to 1 s" in caplog.text


@pytest.mark.parametrize(
    ("verb", "condition"), crossed([v for v in VERBS if v != "tables delete"], ["other keys"], FAST)
)
def test_tables_of_another_program(
    store: Store, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path, verb: str, condition: str
):
    monkeypatch.chdir(tmp_path)
    drop_tables(store)
    for name in RANGE_NAMES:
        store.client.create_table(
            TableName=getattr(store.settings, name),
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "partition_key", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "partition_key", "AttributeType": "S"}],
        )
    ended = cli(*VERBS[verb])
    is_told(ended, 78, "other keys than ours" if verb != "tables create" else "partition_key")
    if verb == "tables create":
        assert store.settings.meta_table in ended.sentence
        assert "haz_sol_id (HASH S), record (RANGE S)" in ended.sentence


@pytest.mark.parametrize("answer", [foreign.late, foreign.conflict, foreign.page])
def test_one_fault_that_passes_is_no_fault(store: Store, answer: foreign.Answer):
    """The request is made again; a late signature with the time of now."""
    empty = foreign.says(200, b"{}", content_type="application/x-amz-json-1.0")
    with foreign.serving(answer, empty) as address:
        patient = Store(store.settings.model_copy(update={"endpoint_dynamodb": address}))
        assert "Item" not in patient.client.get_item(TableName="T", Key={"a": {"S": "b"}})


@pytest.mark.parametrize("verb", ["load", "plan", "store_hazard"])
def test_a_bad_id_is_told_before_the_file_is_read(store: Store, cli: Cli, verb: str):
    """A file of gigabytes takes minutes; here there is none at all."""
    ended = cli(verb, CALCS / "no-such-file.hdf5", "bad id")
    assert 2 == ended.code
    assert "'bad id' is not a valid calculation id" in ended.sentence


@pytest.mark.parametrize(
    ("out", "says"),
    [("no-such-folder/x.png", "there is no folder"), ("x.gif", "does not end in one of")],
)
def test_where_a_picture_goes_is_checked_before_anything_is_read(
    aws_environment: dict[str, str], cli: Cli, out: str, says: str
):
    ended = cli("plot", "A", "--loc", "x", "--out", out)
    assert 2 == ended.code
    assert says in ended.err


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("s3://my bucket/x", 66),
        ("s3://bucket/a key", 66),
        ("s3://bucket/a\nkey", 66),
        ("s3://bucket/a\x07key", 66),
        ("s3://bucket/a\x7fkey", 66),
        ("s3://bucket/" + "k" * 2000, 66),
        ("s3://arn:aws:s3:nowhere/x", 66),
        ("s3://", 66),
        ("k" * 5000, 66),
    ],
    ids=lambda value: str(value)[:24],
)
def test_names_that_no_file_has(store: Store, cli: Cli, uri: str, code: int):
    ended = cli("inspect", uri)
    assert code == ended.code, ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", "http://localhost:99999"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://local host"),
        ("HAZARD_STORE_INBOX", "file:///tmp/inbox"),
        ("HAZARD_STORE_INBOX", "s3://"),
        ("HAZARD_STORE_INBOX", "s3:/bucket"),
        ("HAZARD_STORE_WRITER_WCU_PER_S", "1e999"),
        ("HAZARD_STORE_RETRY_LIMIT_S", "inf"),
        ("HAZARD_STORE_OWNER", "\udcff"),
        ("HAZARD_STORE_OWNER", "a\nhazard-store: all is well"),
        ("AWS_REGION", "us east;1"),
        ("AWS_REGION", "us\neast"),
        ("AWS_ACCESS_KEY_ID", "te st"),
        ("AWS_SECRET_ACCESS_KEY", "test\n"),
        ("AWS_SESSION_TOKEN", "to\nken"),
    ],
)
@pytest.mark.parametrize("words", [["list"], ["inspect", "s3://bucket/x"]], ids=["list", "inspect"])
def test_settings_that_no_service_has(
    store: Store, cli: Cli, monkeypatch: pytest.MonkeyPatch, words, variable: str, value: str
):
    if variable.endswith("_DYNAMODB") and words[0] == "inspect":
        words = ["list"]
    monkeypatch.setenv(variable, value)
    is_told(cli(*words), 78, variable)


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/token",
        },
        "credential_process = /no/token",
        "sso_start_url = https://x/start\nsso_region = us-east-1\nsso_account_id = 1\n"
        "sso_role_name = r",
    ],
    ids=["web identity", "container", "process", "sso"],
)
def test_credentials_that_cannot_be_fetched(
    store: Store, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path, variables
):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    if isinstance(variables, str):
        (tmp_path / "config").write_text(f"[default]\n{variables}\n")
        variables = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    is_told(cli("list"), 78, "the credentials cannot be fetched")


@pytest.mark.parametrize("words", [["list"], ["show", "A"], ["curves", "A"], ["audit", "A"]])
@pytest.mark.parametrize(
    "text", ["{}", "null", "no JSON", '{"calc_id": "A\x1b[2K"}', '{"format": "9"}']
)
def test_a_head_that_is_none_is_damage(store: Store, cli: Cli, words: list[str], text: str):
    stored(store, FILE)
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key={"haz_sol_id": {"S": "A"}, "record": {"S": "head"}},
        UpdateExpression="SET calculation = :c",
        ExpressionAttributeValues={":c": {"S": text}},
    )
    is_told(cli(*words), 74, f"{store.settings.meta_table} A head: not the record of a calcul")


@pytest.mark.parametrize("words", [["list"], ["curves", "A"], ["tables", "create"]], ids=" ".join)
def test_an_empty_object_is_no_answer(
    aws_environment: dict[str, str], cli: Cli, impatient, words: list[str]
):
    """An answer that found nothing counts it: 0."""
    with foreign.serving(foreign.empty) as address:
        impatient(address)
        is_told(cli(*words), 75, "the answer is not one of DynamoDB")


@pytest.mark.parametrize("words", [["show", "A"], ["curves", "A"], ["get_hazard", "A"]])
def test_a_head_that_is_missing_is_damage(store: Store, cli: Cli, words: list[str]):
    """It is not "no such calculation", which suggests itself."""
    stored(store, FILE)
    key = {"haz_sol_id": {"S": "A"}, "record": {"S": "head"}}
    store.client.delete_item(TableName=store.settings.meta_table, Key=key)
    is_told(cli(*words), 74, f"{store.settings.meta_table} A head: missing record")


def test_a_password_in_an_address_is_not_shown(
    store: Store, cli: Cli, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:secret@127.0.0.1:9")
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB", raising=False)
    ended = cli("list")
    assert 78 == ended.code
    assert "no user and no password" in ended.sentence
    assert "secret" not in ended.err


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "1e30"])
@pytest.mark.parametrize(
    "words",
    [
        ["load", FILE, "A", "--max-wcu-per-s"],
        ["audit", "A", "--max-rcu-per-s"],
        ["remove", "A", "--yes", "--max-wcu-per-s"],
        ["list", "--stale-days"],
    ],
    ids=lambda words: str(words[0]),
)
def test_a_rate_is_a_finite_number_that_makes_sense(
    aws_environment: dict[str, str], cli: Cli, words: list[object], number: str
):
    """NaN is neither below a bound nor above it."""
    ended = cli(*words, number)
    assert 2 == ended.code, ended.err
    assert words[-1] in ended.sentence
