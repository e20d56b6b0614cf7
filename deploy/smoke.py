"""`make smoke-aws`: the whole way once, in a real account, and nothing left of it.

Deploys the template as a stage of its own, stores the sample, audits it, reads it back, and takes
everything down again; says before what it will cost and afterwards what it did.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from deploy.account import make_role_of_ecs
from deploy.stacks import StackFailed
from deploy.throwaway import Throwaway, network_of
from hazard_store.cli.progress import progress_for_people
from hazard_store.errors import EX_CONFIG, EX_SOFTWARE, HazardStoreError
from hazard_store.model import StoreOptions
from hazard_store.prices import (
    DOLLARS_PER_GB_HOUR,
    DOLLARS_PER_READ_UNIT,
    DOLLARS_PER_VCPU_HOUR,
    DOLLARS_PER_WRITE_UNIT,
)
from hazard_store.query import get_hazard_stats_curves
from hazard_store.settings import Settings
from hazard_store.signals import stop_on_signals
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.load import load

SAMPLE = Path(__file__).parents[1] / "sample" / "calc_1.hdf5"
CALC_ID, CALC_ID_CONTAINER = "SMOKE.1", "SMOKE.2"
VCPU, GB = 0.5, 1.0  # the template's defaults
EXPECTED_DOLLARS = 0.01  # the sample's items, some minutes of storage, one small container


@dataclass
class Costs:
    """What was used, in the units that AWS charges."""

    wcu: float = 0.0
    rcu: float = 0.0
    container_s: float = 0.0

    def add(self, phases: Mapping[str, Mapping[str, float]]) -> None:
        """Add what a load says of its phases."""
        # Those of the maps are among those of the statistics.
        self.wcu += sum(of.get("wcu", 0.0) for name, of in phases.items() if name != "maps")
        self.rcu += sum(phase.get("rcu", 0.0) for phase in phases.values())

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.wcu + other.wcu, self.rcu + other.rcu, self.container_s + other.container_s
        )

    @property
    def dollars(self) -> float:
        """At the prices of docs/use/costs.md."""
        hourly = VCPU * DOLLARS_PER_VCPU_HOUR + GB * DOLLARS_PER_GB_HOUR
        return (
            self.wcu * DOLLARS_PER_WRITE_UNIT
            + self.rcu * DOLLARS_PER_READ_UNIT
            + self.container_s / 3600 * hourly
        )

    def __str__(self) -> str:
        return (
            f"{self.wcu:.0f} write units, {self.rcu:.0f} read units, {self.container_s:.0f} s of "
            f"containers: ${self.dollars:.5f}, without storage and requests of S3"
        )


class SmokeFailed(HazardStoreError):
    """What was read back is not what must be there."""

    def __init__(self, reason: str) -> None:
        super().__init__("smoke test", reason)
        self.args = (reason,)


def work(stage: Throwaway, file: Path) -> Costs:
    """Store a file in a deployed stage from here, audit it and read it back.

    Raises:
        SmokeFailed: the audit found a difference, or curves are missing.
        HazardStoreError: as its kind says.
    """
    costs, screen = Costs(), progress_for_people()
    store = store_of(stage)
    loaded = load(store, stage.upload(file), CALC_ID, StoreOptions(), screen)
    costs.add(loaded.phases)
    report = audit(store, CALC_ID, None, None, screen)
    costs.rcu += report.rcu
    if not (loaded.report.passed and report.passed):
        raise SmokeFailed(f"the audit found differences: {report.differences[:3]}")
    check_curves(store, CALC_ID)
    return costs


def work_in_container(stage: Throwaway, file: Path) -> Costs:
    """Store the same file again, under another id: by the image, with the writer's role.

    Raises:
        ContainerFailed: it could not.
        SmokeFailed: curves are missing.
    """
    uri = f"{stage.environment['HAZARD_STORE_INBOX']}{file.name}"
    log, seconds = stage.run_container("load", uri, CALC_ID_CONTAINER, "--json")
    costs = Costs(container_s=seconds)
    costs.add(json.loads(log[-1])["phases"])
    check_curves(store_of(stage), CALC_ID_CONTAINER)
    return costs


def store_of(stage: Throwaway) -> Store:
    """Return the store of a deployed stage."""
    told = stage.environment
    return Store(
        Settings.from_environment(
            stage=told["HAZARD_STORE_STAGE"], table_prefix=told["HAZARD_STORE_TABLE_PREFIX"]
        )
    )


def check_curves(store: Store, calc_id: str) -> None:
    """Count the curves of the statistics that a reader gets.

    Raises:
        SmokeFailed: they are not as many as the calculation has.
    """
    stored = store.head(calc_id).calculation
    expected = stored.n_sites * len(stored.aggs) * len(stored.imts)
    found = sum(1 for _ in get_hazard_stats_curves(calc_id, store=store))
    if not expected == found > 0:
        raise SmokeFailed(f"{calc_id}: {found} curves were read, and it has {expected}")
    click.echo(f"{calc_id} is published; {found} curves of statistics were read back.")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--image", default="", help="A pushed writer image: the sample is stored by it, too.")
@click.option("--vpc", default="", help="Where the image runs; default: the account's default VPC.")
@click.option("--subnet", "subnets", multiple=True, help="Its subnets; give it for each.")
@click.option(
    "--calc-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=SAMPLE
)
@click.option("--poll-s", default=5.0, hidden=True)
def smoke(
    yes: bool, image: str, vpc: str, subnets: tuple[str, ...], calc_file: Path, poll_s: float
) -> None:
    """Try Hazard Store in your AWS account: deploy, store the sample, read it, delete it all.

    Needs credentials that may create the template's resources, IAM roles among them, and a region
    (AWS_REGION).
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise Unusable("AWS_REGION is not set: say where, e.g. AWS_REGION=us-east-1")
    who = _caller(region)
    network = network_of(boto3.client("ec2", region_name=region), vpc, subnets)
    if network is None:
        raise Unusable("there is no default VPC: name one with --vpc and --subnet")
    name = f"hazard-smoke-{secrets.token_hex(3)}"
    stage = Throwaway(name, region, network, image, poll_s)
    click.echo(f"You are {who['Arn']} (account {who['Account']}), in {region}.")
    click.echo(
        f"This deploys the stack {name}, stores {calc_file.name} in it and deletes it again: it "
        f"takes some minutes and, for the sample, less than ${EXPECTED_DOLLARS}."
    )
    if not yes:
        click.confirm("Spend that?", abort=True)
    if make_role_of_ecs(boto3.client("iam", region_name=region)):
        click.echo("Made the service-linked role of ECS, which this account keeps.")
    click.echo(f"Deploying {name}")
    try:
        with stage.deployed():
            costs = work(stage, calc_file)
            if image:
                costs += work_in_container(stage, calc_file)
            click.echo(f"Used: {costs}.")
            click.echo(f"Deleting {name}")
    finally:
        if stage.is_left:
            click.echo(
                f"Not everything is deleted. Look with: aws cloudformation describe-stack-events "
                f"--stack-name {name}; delete with: aws cloudformation delete-stack --stack-name "
                f"{name}",
                err=True,
            )
    click.echo("Everything is deleted again.")


class Unusable(click.ClickException):
    """The caller's environment does not do."""

    exit_code = EX_CONFIG


def _caller(region: str) -> dict[str, Any]:
    """Return who the credentials belong to.

    Raises:
        Unusable: there are none, or AWS refuses them.
    """
    try:
        return dict(boto3.client("sts", region_name=region).get_caller_identity())
    except NoCredentialsError:
        raise Unusable("no AWS credentials were found: set AWS_PROFILE, or log in") from None
    except (ClientError, BotoCoreError) as error:
        raise Unusable(f"AWS does not take these credentials: {error}") from None


def main() -> None:
    """Run the command; an error is one sentence."""
    stop_on_signals()  # also SIGTERM must not leave anything behind
    try:
        smoke(prog_name="make smoke-aws")
    except HazardStoreError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except (StackFailed, ClientError, BotoCoreError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EX_SOFTWARE)


if __name__ == "__main__":
    main()
