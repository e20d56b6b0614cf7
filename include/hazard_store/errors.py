"""Every error of ours: facts as attributes, one sentence as text, one exit code each.

The exit codes are those of sysexits.h; `cli.main` maps an error to its code and nothing else does.
"""

from __future__ import annotations

from typing import ClassVar

EX_OK = 0
EX_DIFFERENCE = 1  # the audit found a difference, and only that
EX_USAGE = 2
EX_DATAERR = 65
EX_NOINPUT = 66
EX_SOFTWARE = 70
EX_CANTCREAT = 73
EX_TEMPFAIL = 75
EX_CONFIG = 78


class HazardStoreError(Exception):
    """Base of our errors. Arguments are plain values, so that every error can be pickled."""

    exit_code: ClassVar[int] = EX_SOFTWARE


class BadParameter(HazardStoreError, ValueError):
    """A parameter has a value that cannot be, alone or together with the others."""

    exit_code = EX_USAGE

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class BadCalculation(HazardStoreError):
    """The file cannot be stored: wrong mode, incomplete, values out of range, clashing sites ..."""

    exit_code = EX_DATAERR

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(uri, reason)
        self.uri, self.reason = uri, reason

    def __str__(self) -> str:
        return f"{self.uri}: {self.reason}"


class FileChanged(BadCalculation):
    """The file is no longer the one that this run inspected."""

    def __init__(self, uri: str, expected: str, found: str) -> None:
        reason = f"the file changed while it was being stored (version {expected}, now {found})"
        HazardStoreError.__init__(self, uri, expected, found)
        self.uri, self.reason, self.expected, self.found = uri, reason, expected, found


class NoSuchInput(HazardStoreError):
    """There is no such file or object."""

    exit_code = EX_NOINPUT

    def __init__(self, uri: str, reason: str = "no such file") -> None:
        super().__init__(uri, reason)
        self.uri, self.reason = uri, reason

    def __str__(self) -> str:
        return f"{self.uri}: {self.reason}"


class NoSuchCalculation(HazardStoreError):
    """No calculation with this id is stored, or none that this reader may see."""

    exit_code = EX_NOINPUT

    def __init__(self, calc_id: str, reason: str = "no such calculation is stored") -> None:
        super().__init__(calc_id, reason)
        self.calc_id, self.reason = calc_id, reason

    def __str__(self) -> str:
        return f"{self.calc_id}: {self.reason}"


class NoSuchCurve(HazardStoreError):
    """The calculation has no such site, measure, statistic or realisation."""

    exit_code = EX_NOINPUT

    def __init__(self, calc_id: str, axis: str, wanted: str, known: str) -> None:
        super().__init__(calc_id, axis, wanted, known)
        self.calc_id, self.axis, self.wanted, self.known = calc_id, axis, wanted, known

    def __str__(self) -> str:
        return f"{self.calc_id}: it has no {self.axis} {self.wanted}; it has {self.known}"


class Refused(HazardStoreError):
    """What is stored forbids it: another file or other parameters under this id, no audit ..."""

    exit_code = EX_CANTCREAT

    def __init__(self, calc_id: str, reason: str) -> None:
        super().__init__(calc_id, reason)
        self.calc_id, self.reason = calc_id, reason

    def __str__(self) -> str:
        return f"{self.calc_id}: {self.reason}"


class TryAgain(HazardStoreError):
    """Temporary: the retry limit was reached, or another live run holds the calculation."""

    exit_code = EX_TEMPFAIL

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject, self.reason = subject, reason

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


class LostOwnership(TryAgain):
    """Another run took the calculation over; this one must not write any more."""


class CalculationReplaced(TryAgain):
    """The version that was being read was replaced, and its items are gone: read again."""


class Stopped(TryAgain):
    """We were told to stop."""


class Misconfigured(HazardStoreError):
    """Settings, credentials, region or tables are not as they must be."""

    exit_code = EX_CONFIG

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject, self.reason = subject, reason

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


class CorruptItem(HazardStoreError):
    """A stored item or record cannot be decoded: it was altered, or written by a newer version."""

    def __init__(self, table: str, hash_key: str, range_key: str, reason: str) -> None:
        super().__init__(table, hash_key, range_key, reason)
        self.table, self.hash_key, self.range_key, self.reason = table, hash_key, range_key, reason

    def __str__(self) -> str:
        return f"{self.table} {self.hash_key} {self.range_key}: {self.reason}"
