"""What the writer's tests share."""

from tests.support.modelled import modelled  # noqa: F401 - a fixture
