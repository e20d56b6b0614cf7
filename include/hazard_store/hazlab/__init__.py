"""Loaders for nzshm-hazlab: its classes for curves, spectra and grids, on calculations stored here.

They have the methods of its protocols `HazardLoader` and `GridLoader` and import nothing of it: a
location is whatever has `lat` and `lon`. Its model id is our calculation id.
"""

from hazard_store.hazlab.curve_loader import HazardStoreLoader
from hazard_store.hazlab.grid_loader import HazardStoreGridLoader

__all__ = ["HazardStoreGridLoader", "HazardStoreLoader"]
