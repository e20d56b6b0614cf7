"""What the process beside the engine says when the inbox takes no more, or its pipe ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
REFUSED = """
import json, sys
from pathlib import Path
import numpy as np
from hazard_store_stream.hand_over import HandOver

class Inbox:
    tried, end = [], None
    def put(self, name, content):
        if name == "end.json":
            self.end = json.loads(content)
            return
        self.tried.append(name)
        raise PermissionError(f"{name} is refused")

inbox = Inbox()
hand_over = HandOver("s3://inbox/streams/A/R", inbox, "A", "R", give_up_s=0)
for number in range(5):
    path = Path(sys.argv[1]) / f"{number}.raw"
    np.zeros(6, "f4").tofile(path)
    kinds = {"hcurves-stats": (1, 1, 3)}
    hand_over.take({"number": number, "sids": [0, 1], "path": str(path), "kinds": kinds})
reason = hand_over.end(None)
print(json.dumps({"reason": reason, "end": inbox.end, "tried": len(inbox.tried)}))
"""


def ran(program: str, *arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "stream")},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_an_inbox_that_takes_no_more_ends_the_stream_with_its_reason(tmp_path: Path):
    """And is not tried again with every chunk that still waits."""
    said = ran(REFUSED, tmp_path)
    assert "is refused" in said["reason"]
    assert ("failed", said["reason"]) == (said["end"]["ended"], said["end"]["reason"])
    assert said["tried"] <= 2, "as many as were under way at once"
