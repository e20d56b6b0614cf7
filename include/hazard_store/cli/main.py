"""`hazard-store`: the verbs, and the one place where an error becomes an exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

import click

from hazard_store.aws.errors import to_hazard_error
from hazard_store.cli import read, upkeep, write
from hazard_store.errors import EX_OK, EX_SOFTWARE, EX_TEMPFAIL, EX_USAGE, HazardStoreError
from hazard_store.shown import OneLineFormatter, cut_words, one_line, shown_traceback
from hazard_store.signals import Interrupted, stop_on_signals

log = logging.getLogger("hazard_store")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hazard-store")
@click.option("-v", "--verbose", is_flag=True, help="More of what happens, on stderr.")
def cli(verbose: bool) -> None:
    """Store the hazard curves of OpenQuake calculations in DynamoDB, audit them, read them back."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if verbose else logging.WARNING)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)  # our own progress, and no library's
    for noisy in ("botocore", "boto3", "urllib3", "matplotlib", "h5py"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


for verb in (*write.VERBS, *upkeep.VERBS, *read.VERBS):
    cli.add_command(verb)


def run(command: Callable[..., object], name: str) -> int:
    """Run a click command; return the exit code that its end means."""
    stop_on_signals()
    try:
        code = command(prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except HazardStoreError as error:
        return _say(name, str(error), error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        click.UsageError(cut_words(error.format_message()), context).show()
        return EX_USAGE
    except click.exceptions.Exit as error:
        return error.exit_code
    except Interrupted as told:
        return _say(name, str(told), EX_TEMPFAIL)
    except (click.Abort, KeyboardInterrupt):
        return _say(name, "told to stop", EX_TEMPFAIL)
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_OK
    except Exception as error:
        ours = to_hazard_error(error)
        if ours is not None:
            return _say(name, str(ours), ours.exit_code)
        click.echo(shown_traceback(error), err=True)
        return _say(name, f"an error in the program: {type(error).__name__}: {error}", EX_SOFTWARE)
    return code if isinstance(code, int) else EX_OK


def _say(name: str, sentence: str, exit_code: int) -> int:
    click.echo(one_line(f"{name}: {sentence}"), err=True)
    return exit_code


def main() -> None:
    """Run `hazard-store`."""
    sys.exit(run(cli, "hazard-store"))
