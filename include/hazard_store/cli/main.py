"""`hazard-store`: the verbs, and the one place where an error becomes an exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import click

from hazard_store.cli.completion import completing
from hazard_store.cli.log_lines import log_format, say
from hazard_store.cli.output import Stopped, failed, guarded_streams
from hazard_store.cli.verbs import VerbGroup, Verbs
from hazard_store.errors import (
    EX_DIFFERENCE,
    EX_OK,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    EX_USAGE,
    HazardStoreError,
)
from hazard_store.shown import OneLineFormatter, cut_words, shown_traceback
from hazard_store.signals import Interrupted, stop_on_signals

log = logging.getLogger("hazard_store")


@click.group(
    cls=VerbGroup,
    commands=Verbs(),
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
    epilog="Each verb tells more: hazard-store VERB --help.",
)
@click.version_option(package_name="hazard-store")
@click.option("-v", "--verbose", is_flag=True, help="More of what happens, on stderr.")
def cli(verbose: bool) -> None:
    """Store the hazard curves of OpenQuake calculations in DynamoDB, audit them, read them back."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter(log_format()))
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if verbose else logging.WARNING)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)  # our own progress, and no library's
    for noisy in ("botocore", "boto3", "urllib3", "matplotlib", "h5py"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def run(command: Callable[..., object], name: str) -> int:
    """Run a click command; return the exit code that its end means, whatever its end is."""
    stop_on_signals()
    with guarded_streams() as out:
        code = _run(command, name)
        try:
            out.flush()
        except Stopped:
            log.debug("stdout cannot be written: %s", out.failure)
        sys.stderr.flush()
        if out.failure is None or out.reader_is_gone or code not in (EX_OK, EX_DIFFERENCE):
            return code
        error = failed(out)
        return _say(name, str(error), code or error.exit_code)


def _run(command: Callable[..., object], name: str) -> int:
    try:
        code = command(prog_name=name, standalone_mode=False)
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
    except Stopped:  # the caller of this function says why
        return EX_OK
    except BaseException as error:  # a panic of a library is no Exception
        from hazard_store.aws.errors import to_hazard_error  # AWS's library: only where it failed

        ours = to_hazard_error(error) if isinstance(error, Exception) else None
        if ours is not None:
            return _say(name, str(ours), ours.exit_code)
        click.echo(shown_traceback(error), err=True)
        return _say(name, f"an error in the program: {type(error).__name__}: {error}", EX_SOFTWARE)
    return code if isinstance(code, int) else EX_OK


def _say(name: str, sentence: str, exit_code: int) -> int:
    say(name, sentence)
    return exit_code


def hazard_store() -> int:
    """Run `hazard-store`; return its exit code."""
    return run(completing(cli, "hazard-store") or cli, "hazard-store")


def main() -> None:
    """Run `hazard-store`."""
    sys.exit(hazard_store())
