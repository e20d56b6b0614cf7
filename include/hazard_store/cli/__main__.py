"""`python -m hazard_store.cli`: the same as `hazard-store`."""

from hazard_store.cli.start import hazard_store

hazard_store()
