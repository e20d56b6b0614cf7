"""Settings that know nothing of AWS, and an embedded S3 with a bucket."""

from tests.support.s3_place import keys, s3, s3_settings, settings  # noqa: F401 - fixtures
