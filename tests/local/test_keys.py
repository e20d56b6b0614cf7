"""The keys of an embedded AWS: its own, kept, and its owner's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from local import aws
from local.keys import keys_in, new_keys
from local.secret_file import keep
from local.stack import LocalStack
from local.up_down import description


def test_keys_are_made_once_and_are_their_owners(tmp_path: Path):
    file = tmp_path / "aws-credentials"
    made = keys_in(file)
    assert made == keys_in(file)
    assert 0o600 == file.stat().st_mode & 0o777
    assert [file] == list(tmp_path.iterdir())


def test_no_two_homes_have_the_same_and_none_has_an_account_for_a_key(tmp_path: Path):
    """MiniStack would take twelve digits for the root of that account."""
    made = [new_keys() for _ in range(100)]
    assert 100 == len({each.access_key for each in made}) == len({e.secret_key for e in made})
    assert all(re.fullmatch(r"LOCAL[A-Z2-7]{16}", each.access_key) for each in made)
    assert all(re.fullmatch(r"[\w-]{40}", each.secret_key) for each in made)


def test_file_is_one_that_aws_clients_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in new_keys().environment:
        monkeypatch.delenv(name, raising=False)
    made = keys_in(tmp_path / "aws-credentials")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    found = boto3.session.Session().get_credentials()
    assert (made.access_key, made.secret_key) == (found.access_key, found.secret_key)


def test_secret_that_is_there_stays_and_a_start_cut_short_is_no_hindrance(tmp_path: Path):
    (tmp_path / "secret.new").write_text("half")
    assert "first" == keep(tmp_path / "secret", "first")
    assert "first" == keep(tmp_path / "secret", "second")
    assert [tmp_path / "secret"] == list(tmp_path.iterdir())


def test_what_people_are_told_has_the_keys_of_this_home(tmp_path: Path):
    stack = LocalStack(home=tmp_path, run="none")
    for told in (description(stack, None), description(stack, Path("calc.hdf5"))):
        assert stack.keys.secret_key in told
        assert "=test" not in told
    other = replace(stack, home=tmp_path / "other")
    other.home.mkdir()
    assert stack.keys != other.keys


def test_containers_may_be_given_what_the_stack_gives_them_and_no_more(tmp_path: Path):
    stack = LocalStack(home=tmp_path, run="none")
    names = set(aws.container_variables(stack))
    assert stack.store_environment.keys() <= names
    assert all(re.match("(AWS|ECS|HAZARD_STORE)_|PYTHONUNBUFFERED$", name) for name in names)
    files_and_programs = "PATH|PRELOAD|CONFIG|CREDENTIALS_FILE|BUNDLE|PROFILE|PROXY|_LOCAL_"
    assert not [name for name in names if re.search(files_and_programs, name)]
