"""Reading: the only code that gets curves for users. Readers see what is published."""

from hazard_store.query.api import (
    get_hazard_metadata,
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    get_logic_tree,
    get_sites,
    to_dataframe,
)
from hazard_store.query.curves import HazardMetadata, RlzCurve, Site, StatsCurve

__all__ = [
    "HazardMetadata",
    "RlzCurve",
    "Site",
    "StatsCurve",
    "get_hazard_metadata",
    "get_hazard_rlz_curves",
    "get_hazard_stats_curves",
    "get_logic_tree",
    "get_sites",
    "to_dataframe",
]
