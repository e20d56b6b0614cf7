"""Reading: the only code that gets curves for users. Readers see what is published."""

from hazard_store.query.api import (
    get_hazard_metadata,
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    get_logic_tree,
    get_sites,
    hazard_arrays,
    hazard_blocks,
    to_dataframe,
)
from hazard_store.query.curves import HazardMetadata, RlzCurve, Site, SiteArrays, StatsCurve

__all__ = [
    "HazardMetadata",
    "RlzCurve",
    "Site",
    "SiteArrays",
    "StatsCurve",
    "get_hazard_metadata",
    "get_hazard_rlz_curves",
    "get_hazard_stats_curves",
    "get_logic_tree",
    "get_sites",
    "hazard_arrays",
    "hazard_blocks",
    "to_dataframe",
]
