"""Which faults of AWS pass: the store's own rule, imported when it is asked for.

DAG files import the operator, and parsing them stays light.
"""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError


def is_temporary(error: Exception) -> bool:
    """Tell whether the same request to AWS may succeed later."""
    from hazard_store.aws import retry

    return isinstance(error, BotoCoreError | ClientError) and retry.is_temporary(error)
