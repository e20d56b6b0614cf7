"""Reading: the only code that gets curves for users. Readers see what is published."""

from hazard_store.derive import Target
from hazard_store.query.api import (
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    get_logic_tree,
    get_sites,
    hazard_arrays,
    hazard_blocks,
)
from hazard_store.query.curves import HazardMetadata, RlzCurve, Site, SiteArrays, StatsCurve
from hazard_store.query.derived import MapBlock, Spectrum, hazard_map, uniform_hazard_spectra
from hazard_store.query.frames import to_dataframe
from hazard_store.query.many import get_hazard_curves_at, open_calculations
from hazard_store.query.metadata import get_hazard_metadata
from hazard_store.query.opened import OpenCalculation, open_calculation
from hazard_store.query.periods import imts_around

__all__ = [
    "HazardMetadata",
    "MapBlock",
    "OpenCalculation",
    "RlzCurve",
    "Site",
    "SiteArrays",
    "Spectrum",
    "StatsCurve",
    "Target",
    "get_hazard_curves_at",
    "get_hazard_metadata",
    "get_hazard_rlz_curves",
    "get_hazard_stats_curves",
    "get_logic_tree",
    "get_sites",
    "hazard_arrays",
    "hazard_blocks",
    "hazard_map",
    "imts_around",
    "open_calculation",
    "open_calculations",
    "to_dataframe",
    "uniform_hazard_spectra",
]
