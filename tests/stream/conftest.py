"""What the tests of what leaves the engine's machine share."""

from tests.support.s3_place import keys, s3, s3_settings, settings  # noqa: F401 - fixtures
