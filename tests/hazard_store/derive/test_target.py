"""A probability in a time, a return period and a rate say the same thing in three ways."""

from __future__ import annotations

import math

import pytest

from hazard_store.derive import Target
from hazard_store.errors import BadParameter


@pytest.mark.parametrize("investigation_time", [1.0, 50.0])
def test_the_three_ways_agree(investigation_time: float):
    poe = Target(poe=0.1, years=50)
    rate = -math.log(0.9) / 50
    for same in (Target(rate=rate), Target(return_period=1 / rate)):
        expected = poe.poe_in(investigation_time)
        assert expected == pytest.approx(same.poe_in(investigation_time), rel=1e-12)
    assert rate == pytest.approx(poe.annual_rate(investigation_time))


def test_a_probability_in_the_time_of_the_curves_is_taken_as_it_is():
    """To the last bit: the engine's own maps are at such probabilities."""
    assert 0.002105 == Target(poe=0.002105).poe_in(1.0) == Target(poe=0.002105, years=1).poe_in(1.0)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"poe": 0.1, "rate": 1.0},
        {"poe": 0.0},
        {"poe": 1.0},
        {"poe": float("nan")},
        {"return_period": 0.0},
        {"rate": -1.0},
        {"rate": float("inf")},
        {"poe": 0.1, "years": 0.0},
        {"rate": 0.1, "years": 50.0},
    ],
    ids=str,
)
def test_what_is_no_target_is_refused(given: dict[str, float]):
    with pytest.raises(BadParameter):
        Target(**given)
