"""What the writer's tests share."""

from tests.capacity import modelled  # noqa: F401 - a fixture
