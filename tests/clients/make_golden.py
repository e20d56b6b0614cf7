"""Records what the engine exports of each case: python -m tests.clients.make_golden.

Digests, since the files themselves are 4 MB.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from tests.clients.engine import contents, engine_exports
from tests.support.engine_cases import CASES, made_case

GOLDEN = Path(__file__).parents[1] / "golden" / "engine_csv.json"
BY_PERIOD = "y_7.csv"  # maps at return periods, which are another output
NOT_OURS = "realizations"  # the engine's own short names of branches


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file, by its name."""
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in sorted(contents(folder).items())
        if not name.startswith(NOT_OURS) and not name.endswith(BY_PERIOD)
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for case in CASES:
            (home / case).mkdir()
        pairs = [(made_case(case, home / case), home / case / "csv") for case in CASES]
        errors = engine_exports(home, *pairs)
        assert not any(errors.values()), errors
        recorded = {case: digests(home / case / "csv") for case in CASES}
    GOLDEN.write_text(json.dumps(recorded, indent=1) + "\n")
