"""What the soaks share."""

from tests.capacity import modelled  # noqa: F401 - a fixture
