"""The only code that puts items of curves: batches, retries, rate and fencing."""

from hazard_store.aws.retry import RetryPolicy
from hazard_store.writer.batch_writer import WCU_PER_BYTE, BatchWriter, WriteCounts
from hazard_store.writer.rate import RateLimiter

__all__ = ["WCU_PER_BYTE", "BatchWriter", "RateLimiter", "RetryPolicy", "WriteCounts"]
