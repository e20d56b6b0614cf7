"""What an account needs once, before its first stack: the role by which ECS works for it.

ECS makes it by itself with the first cluster, but later than that cluster needs it, so that the
first stack of an account can fail.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

SERVICE = "ecs.amazonaws.com"
TAKEN = ("has been taken in this account", "already exists")  # AWS; the embedded AWS
KNOWN_EVERYWHERE_S = 15.0  # after which other services see a role that was just made


def make_role_of_ecs(iam: Any, pause: Callable[[float], None] = time.sleep) -> bool:
    """Make the service-linked role of ECS, unless the account has it; safe to repeat.

    Args:
        iam: the client.
        pause: waits so many seconds, until the role is known everywhere.

    Returns:
        whether it was made now.
    """
    try:
        iam.create_service_linked_role(AWSServiceName=SERVICE)
    except ClientError as error:
        if any(text in error.response["Error"]["Message"] for text in TAKEN):
            return False
        raise
    pause(KNOWN_EVERYWHERE_S)
    return True
