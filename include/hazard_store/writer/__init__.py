"""The only code that puts items of curves: batches, retries, rate and fencing."""

from hazard_store.aws.retry import RetryPolicy
from hazard_store.writer.batch_writer import BatchWriter, WriteCounts
from hazard_store.writer.rate import RateLimiter

__all__ = ["BatchWriter", "RateLimiter", "RetryPolicy", "WriteCounts"]
