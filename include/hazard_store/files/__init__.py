"""The bytes of one version of a file, on disk or in S3."""
