"""Pictures of curves, maps and spectra: functions that return matplotlib's figure.

They keep no state and open no window: a notebook shows what they return (after `%matplotlib
inline`), and a program saves it.
Needs matplotlib (`pip install 'hazard-store[plot]'`).
"""

from hazard_store.errors import Misconfigured

try:
    import matplotlib  # noqa: F401 - told here, or it would fail in the middle of a room
except ImportError as error:
    raise Misconfigured(
        "matplotlib", "pictures need matplotlib: pip install 'hazard-store[plot]'"
    ) from error

from hazard_store.plot.curves import plot_curves
from hazard_store.plot.looks import looks_for
from hazard_store.plot.maps import plot_map
from hazard_store.plot.ratio import plot_ratio
from hazard_store.plot.save import save
from hazard_store.plot.spectra import plot_spectra

__all__ = ["looks_for", "plot_curves", "plot_map", "plot_ratio", "plot_spectra", "save"]
