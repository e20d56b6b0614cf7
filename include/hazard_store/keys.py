"""Site codes and table keys: built here and nowhere else, for the writer and the query alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import unquote

from hazard_store.errors import BadParameter
from hazard_store.limits import MAX_REALISATIONS
from hazard_store.model import CALC_ID, KeyScheme, Kind
from hazard_store.shown import quoted

HASH_KEY = "haz_sol_id"
RANGE_KEYS = {Kind.STATS: "loc_agg_rk", Kind.REALISATIONS: "loc_rlz_rk"}

# The side of a bin in thousandths of a degree; changing one moves every stored item.
LOCATION_BIN = 500
CALC_LOCATION_BIN = 100

MAPS = ":map:"  # behind the storage id, in the hash keys of map items, whatever the scheme

MAX_CUSTOM_ID = 256  # bytes; a range key holds 1,024, percent-encoded threefold and the rest


@dataclass(frozen=True)
class CodeRule:
    """How the codes of one calculation's sites are made of coordinates and vs30."""

    decimals: int = 3
    with_vs30: bool = False

    def code(self, lat: float, lon: float, vs30: float | None = None) -> str:
        """Return the code of a site.

        Args:
            lat: latitude, decimal degrees.
            lon: longitude, decimal degrees; -180 is 180.
            vs30: m/s; None where there is none.

        >>> CodeRule().code(-41.5, 175.25)
        '[-41.500~175.250]'
        >>> CodeRule(5, with_vs30=True).code(-0.000001, -180.0, 365.25)
        '[0.00000~180.00000~365.25]'
        """
        parts = [_decimals(lat, self.decimals), _longitude(lon, self.decimals)]
        if self.with_vs30 and vs30 is not None:
            parts.append(_shortest(vs30))
        return f"[{'~'.join(parts)}]"


# In the order in which a calculation tries them: the first that makes its sites differ.
CODE_RULES = tuple(CodeRule(decimals, vs30) for vs30 in (False, True) for decimals in (3, 4, 5))


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
    return CODE_RULES[0].code(lat, lon)


def _decimals(degrees: float, decimals: int) -> str:
    text = f"{degrees:.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def _longitude(lon: float, decimals: int) -> str:
    text = _decimals(lon, decimals)
    return text.removeprefix("-") if text.startswith("-180.") and not text[5:].strip("0") else text


def _shortest(value: float) -> str:
    """Return the shortest decimal of a float: 400, 365.25."""
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _bin(degrees: float, side: int) -> float:
    """Round to bins half to even, in exact thousandths: 175.35 is not quite 175.35 in binary."""
    thousandths = round(float(_decimals(degrees, 3)) * 1000)
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
            f"{quoted(calc_id)} is not a valid calculation id: use 1 to 128 of A-Z a-z 0-9 . _ = -"
            ", beginning with a letter or digit",
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


def map_hash_key(storage_id: str, agg: str = "", imt: str = "") -> str:
    """Return the hash key of the map items of a statistic and an IMT; of neither: of the sites.

    >>> map_hash_key("CALC13", "mean", "SA(0.1)"), map_hash_key("CALC13")
    ('CALC13:map:mean:SA(0.1)', 'CALC13:map:sites')
    """
    what = f"{agg}:{encode_loc(imt)}" if agg else "sites"
    return f"{storage_id}{MAPS}{what}"


def map_range_key(position: int) -> str:
    """Return the range key of a block, by the position of its first site in the plan's order.

    >>> map_range_key(2000)
    '00002000'
    """
    return f"{position:08d}"


@dataclass(frozen=True)
class KeyMaker:
    """Makes the keys of one stored calculation."""

    scheme: KeyScheme
    storage_id: str
    decimals: int = 3  # of the site codes, if these are made of coordinates

    def hash_key(self, lat: float, lon: float) -> str:
        """Return the hash key under which everything of a site stands.

        Where codes have more decimals than a bin needs, the bin is that of the code, so that a
        code alone gives its keys.
        """
        if self.decimals > 3:
            lat, lon = float(f"{lat:.{self.decimals}f}"), float(f"{lon:.{self.decimals}f}")
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
        if self.scheme is KeyScheme.LOCATION and MAPS not in hash_key:
            return self.owns(range_key)
        return hash_key == self.storage_id or hash_key.startswith(f"{self.storage_id}:")

    def site_prefix(self, loc: str) -> str:
        """Return what begins every range key of a site."""
        return f"{encode_loc(loc)}:"


def in_key_order(hash_keys: Sequence[str], locs: Sequence[str]) -> list[int]:
    """Return the sites (their sids) in the byte order of (hash key, range key)."""
    keys = [(h, f"{encode_loc(loc)}:") for h, loc in zip(hash_keys, locs, strict=True)]
    return sorted(range(len(keys)), key=keys.__getitem__)
