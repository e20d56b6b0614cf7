"""The only code that puts items of curves: batches, retries and fencing."""

from hazard_store.writer.batch_writer import WCU_PER_BYTE, BatchWriter, WriteCounts

__all__ = ["WCU_PER_BYTE", "BatchWriter", "WriteCounts"]
