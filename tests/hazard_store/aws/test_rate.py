"""The write budget, with a clock of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store.aws.rate import RateLimiter


class Clock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.now += max(seconds, 1e-6)  # no clock is so fine that nothing passes


def limiter(wcu_per_s: float | None) -> tuple[RateLimiter, Clock]:
    clock = Clock()
    return RateLimiter(wcu_per_s, clock, clock.sleep), clock


def test_without_a_budget_nobody_waits():
    free, clock = limiter(None)
    for _ in range(100):
        free.charge(1e6)
        free.wait()
    assert 0 == clock.now


def test_a_debt_is_paid_back_before_the_next_call():
    held, clock = limiter(50)
    held.wait()
    assert 0 == clock.now
    held.charge(100)
    held.wait()
    assert 2 == pytest.approx(clock.now)


def test_idle_time_saves_up_one_second_at_most():
    held, clock = limiter(50)
    clock.now = 1000
    held.charge(0)
    held.charge(50)
    held.wait()
    assert 1000 == clock.now
    held.charge(50)
    held.wait()
    assert 1001 == pytest.approx(clock.now)


@given(st.floats(10, 5000), st.lists(st.floats(0, 500), min_size=1, max_size=50))
def test_the_budget_holds_over_any_run(rate: float, costs: list[float]):
    """Never more than the budget of the time that has passed, a second's worth and one call."""
    held, clock = limiter(rate)
    spent = 0.0
    for cost in costs:
        held.wait()
        assert spent <= rate * (clock.now + 1) + 1e-6
        held.charge(cost)
        spent += cost
    held.wait()
    assert clock.now <= spent / rate + 1e-3


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_no_rate(rate: float):
    with pytest.raises(ValueError, match="rate"):
        RateLimiter(rate)
