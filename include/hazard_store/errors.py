"""The errors that a user meets: a subject, a reason, and an exit code for each kind.

Rooms above add their own beside what raises them. The exit codes are those of sysexits.h;
`cli.main` maps an error to its code and nothing else does.
"""

from __future__ import annotations

from typing import ClassVar

from hazard_store.shown import cut, one_line

EX_OK = 0
EX_DIFFERENCE = 1  # the audit found a difference, and only that
EX_USAGE = 2
EX_DATAERR = 65
EX_NOINPUT = 66
EX_SOFTWARE = 70
EX_CANTCREAT = 73
EX_IOERR = 74  # what is stored is damaged, or output cannot be written
EX_TEMPFAIL = 75
EX_CONFIG = 78


def exit_code_is_temporary(exit_code: int | None) -> bool:
    """Tell whether an exit code means that trying again can help.

    Args:
        exit_code: of a container. None: it never started or its host died. 0: it exited cleanly
            without a report, as ECS shows a task that was stopped from outside.
    """
    if exit_code is None:
        return True
    return exit_code in (EX_OK, EX_TEMPFAIL) or exit_code > 128  # ended by signal n: 128 + n


class HazardStoreError(Exception):
    """Base of our errors: one sentence on one line, `subject: reason`.

    Arguments are plain values, so that every error can be pickled; a class with other arguments
    than these two sets `args` to them.
    """

    exit_code: ClassVar[int] = EX_SOFTWARE

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject, self.reason = subject, reason

    def __str__(self) -> str:
        return one_line(f"{self.subject}: {self.reason}")


class BadParameter(HazardStoreError, ValueError):
    """A parameter has an invalid value, alone or together with the others."""

    exit_code = EX_USAGE


class BadCalculation(HazardStoreError):
    """The file cannot be stored: wrong mode, incomplete, values out of range, clashing sites ..."""

    exit_code = EX_DATAERR


class FileChanged(BadCalculation):
    """The file is no longer the one that this run inspected."""

    def __init__(self, uri: str, expected: str, found: str) -> None:
        reason = f"the file changed while it was being stored (version {expected}, now {found})"
        super().__init__(uri, reason)
        self.args = (uri, expected, found)
        self.expected, self.found = expected, found


class NoSuchInput(HazardStoreError):
    """There is no such file or object."""

    exit_code = EX_NOINPUT

    def __init__(self, uri: str, reason: str = "no such file") -> None:
        super().__init__(uri, reason)


class NoSuchCalculation(HazardStoreError):
    """No calculation with this id is stored, or none that this reader may see."""

    exit_code = EX_NOINPUT

    def __init__(self, calc_id: str, reason: str = "no such calculation is stored") -> None:
        super().__init__(calc_id, reason)


class NoSuchCurve(HazardStoreError):
    """The calculation has no such site, measure, statistic or realisation."""

    exit_code = EX_NOINPUT

    def __init__(self, calc_id: str, axis: str, wanted: str, known: str) -> None:
        super().__init__(calc_id, f"it has no {axis} {cut(wanted) or repr(wanted)}; it has {known}")
        self.args = (calc_id, axis, wanted, known)
        self.axis, self.wanted, self.known = axis, wanted, known


class Refused(HazardStoreError):
    """What is stored forbids it: another file or other parameters under this id, no audit ..."""

    exit_code = EX_CANTCREAT


class TryAgain(HazardStoreError):
    """Temporary: the retry limit was reached, or another live run holds the calculation."""

    exit_code = EX_TEMPFAIL


class LostOwnership(TryAgain):
    """Another run took the calculation over; this one must not write any more."""


class CalculationReplaced(TryAgain):
    """The version that was being read was replaced, and its items are gone: read again."""


class Misconfigured(HazardStoreError):
    """Settings, credentials, region or tables are not as they must be."""

    exit_code = EX_CONFIG


class NewerRelease(Misconfigured):
    """A newer release wrote it in a way that this one does not know: it is left as it is."""

    def __init__(self, subject: str, what: str, known: int, release: str = "") -> None:
        to = f"{release} or later" if release else "that release"
        super().__init__(
            subject,
            f"written by a newer release ({what}; this one knows those up to {known}): update to "
            f"{to}",
        )
        self.args = (subject, what, known, release)


class DamagedCalculation(HazardStoreError):
    """Items of a published calculation are missing or altered; whole sites were served."""

    exit_code = EX_IOERR

    def __init__(self, calc_id: str, first: str, n_sites: int = 1) -> None:
        more = f" ({n_sites} sites are not whole)" if n_sites > 1 else ""
        super().__init__(
            calc_id,
            f"{first}{more}; `hazard-store audit {calc_id}` names all, "
            f"`hazard-store repair {calc_id}` writes them again",
        )
        self.args = (calc_id, first, n_sites)
        self.first, self.n_sites = first, n_sites


class OutputFailed(HazardStoreError):
    """What was asked for cannot be written out: the disk is full, or a folder is not there."""

    exit_code = EX_IOERR


class CorruptItem(HazardStoreError):
    """A stored item or record cannot be decoded: it was altered, or written by a newer version."""

    exit_code = EX_IOERR

    def __init__(self, table: str, hash_key: str, range_key: str, reason: str) -> None:
        super().__init__(f"{table} {hash_key} {range_key}", reason)
        self.args = (table, hash_key, range_key, reason)
        self.table, self.hash_key, self.range_key = table, hash_key, range_key
