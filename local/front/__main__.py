"""Runs MiniStack behind its door: `python -m local.front`, with the environment of MiniStack.

It takes any key and answers any web page, and what it is asked it does: so it is asked by nobody
but whoever holds the keys of this stack.
"""

from __future__ import annotations

import os
from pathlib import Path

from ministack import app as ministack  # type: ignore[import-untyped]

from local.front.door import Door
from local.front.signature import Signatures
from local.keys import keys_in

KEYS_VARIABLE = "HAZARD_STORE_LOCAL_KEYS"  # file with the keys
HOSTS_VARIABLE = "HAZARD_STORE_LOCAL_HOSTS"  # names by which containers know it, comma-separated

if __name__ == "__main__":
    keys = keys_in(Path(os.environ[KEYS_VARIABLE]))
    hosts = os.environ.get(HOSTS_VARIABLE, "").split(",")
    ministack.app = Door(ministack.app, Signatures(keys), hosts)  # what `main` serves
    ministack.main()
