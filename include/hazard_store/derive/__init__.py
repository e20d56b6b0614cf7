"""What is derived from curves by the engine's rules: levels at a probability, statistics."""

from hazard_store.derive.imts import period_of, unit_of
from hazard_store.derive.interpolation import FLAGS, Flag, levels_at, levels_of_measures
from hazard_store.derive.statistics import mean_of, quantile_of
from hazard_store.derive.target import Target

__all__ = [
    "FLAGS",
    "Flag",
    "Target",
    "levels_at",
    "levels_of_measures",
    "mean_of",
    "period_of",
    "quantile_of",
    "unit_of",
]
