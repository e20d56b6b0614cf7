"""What the tests of streams share."""

from tests.support.s3_place import keys, s3, s3_settings, settings  # noqa: F401 - fixtures
