"""The only code that puts items of curves: batches, retries, rate and fencing."""

from hazard_store.writer.rate import RateLimiter
from hazard_store.writer.retry import RetryPolicy
from hazard_store.writer.send import BatchWriter, WriteCounts

__all__ = ["BatchWriter", "RateLimiter", "RetryPolicy", "WriteCounts"]
