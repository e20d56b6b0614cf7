"""Site codes and table keys: built here and nowhere else, for the writer and the query alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from hazard_store.errors import BadParameter
from hazard_store.limits import MAX_REALISATIONS
from hazard_store.model import CALC_ID, KeyScheme, Kind

HASH_KEY = "haz_sol_id"
RANGE_KEYS = {Kind.STATS: "loc_agg_rk", Kind.REALISATIONS: "loc_rlz_rk"}

# The side of a bin in thousandths of a degree; changing one moves every stored item.
LOCATION_BIN = 500
CALC_LOCATION_BIN = 100

MAX_CUSTOM_ID = 256  # bytes; a range key holds 1,024, percent-encoded threefold and the rest


def _three_decimals(degrees: float) -> str:
    text = f"{degrees:.3f}"
    return "0.000" if text == "-0.000" else text


def site_code(lat: float, lon: float) -> str:
    """Return the code of a site, to about 100 m.

    Args:
        lat: latitude, decimal degrees.
        lon: longitude, decimal degrees.

    >>> site_code(-41.5, 175.25)
    '[-41.500~175.250]'
    >>> site_code(-0.0001, 0.0)
    '[0.000~0.000]'
    """
    return f"[{_three_decimals(lat)}~{_three_decimals(lon)}]"


def _bin(degrees: float, side: int) -> float:
    """Round to bins half to even, in exact thousandths: 175.35 is not quite 175.35 in binary."""
    thousandths = round(float(_three_decimals(degrees)) * 1000)
    return round(thousandths / side) * side / 1000


def bin_code(lat: float, lon: float, side: int) -> str:
    """Return the bin of a site; `side` in thousandths of a degree.

    >>> bin_code(-42.55, 172.75, LOCATION_BIN)
    '-42.5~173.0'
    >>> bin_code(-41.5, 175.25, CALC_LOCATION_BIN)
    '-41.5~175.2'
    """
    lon_bin = _bin(lon, side)
    return f"{_bin(lat, side):.1f}~{180.0 if lon_bin == -180.0 else lon_bin:.1f}"


def rlz_code(ordinal: int) -> str:
    """Return a realisation's ordinal as it stands in keys.

    >>> rlz_code(7)
    '00007'
    """
    if not 0 <= ordinal < MAX_REALISATIONS:
        raise ValueError(f"realisation {ordinal} is not in 0..{MAX_REALISATIONS - 1}")
    return f"{ordinal:05d}"


def storage_id(calc_id: str, version: int = 1) -> str:
    """Return what the keys of one version of a calculation carry.

    >>> storage_id("CALC13"), storage_id("CALC13", 2)
    ('CALC13', 'CALC13@2')
    """
    if not CALC_ID.fullmatch(calc_id):
        raise BadParameter(
            "calc_id",
            f"{calc_id!r} is not a valid calculation id: use 1 to 128 of A-Z a-z 0-9 . _ = - "
            "and begins with a letter or digit",
        )
    return calc_id if version == 1 else f"{calc_id}@{version}"


def encode_loc(loc: str) -> str:
    """Return a site code as it stands in range keys: `:` divides their parts.

    >>> encode_loc("a:b%")
    'a%3Ab%25'
    """
    return loc.replace("%", "%25").replace(":", "%3A")


def decode_loc(encoded: str) -> str:
    """Undo `encode_loc`."""
    return unquote(encoded, encoding="ascii") if "%" in encoded else encoded


@dataclass(frozen=True)
class KeyMaker:
    """Makes the keys of one stored calculation."""

    scheme: KeyScheme
    storage_id: str

    def hash_key(self, lat: float, lon: float) -> str:
        """Return the hash key under which everything of a site stands."""
        if self.scheme is KeyScheme.CALC:
            return self.storage_id
        if self.scheme is KeyScheme.LOCATION:
            return bin_code(lat, lon, LOCATION_BIN)
        return f"{self.storage_id}:{bin_code(lat, lon, CALC_LOCATION_BIN)}"

    def range_key(self, loc: str, row: str) -> str:
        """Return the range key of a statistic, or of a group by its first realisation."""
        return f"{encode_loc(loc)}:{row}{self.suffix}"

    @property
    def suffix(self) -> str:
        """What ends the range key of every item of this calculation."""
        return f":{self.storage_id}" if self.scheme is KeyScheme.LOCATION else ""

    def owns(self, range_key: str) -> bool:
        """Tell whether an item found under one of our hash keys is of this calculation."""
        if self.scheme is not KeyScheme.LOCATION:
            return True
        return range_key.rpartition(":")[2] == self.storage_id

    def owns_item(self, hash_key: str, range_key: str) -> bool:
        """Tell whether an item is of this calculation, wherever in the table it was found."""
        if self.scheme is KeyScheme.LOCATION:
            return self.owns(range_key)
        return hash_key == self.storage_id or hash_key.startswith(f"{self.storage_id}:")

    def site_prefix(self, loc: str) -> str:
        """Return what begins every range key of a site."""
        return f"{encode_loc(loc)}:"


def in_key_order(hash_keys: Sequence[str], locs: Sequence[str]) -> list[int]:
    """Return the sites (their sids) in the byte order of (hash key, range key)."""
    keys = [(h, f"{encode_loc(loc)}:") for h, loc in zip(hash_keys, locs, strict=True)]
    return sorted(range(len(keys)), key=keys.__getitem__)
