"""Exports calculation files with the OpenQuake engine, in whose environment this runs alone.

    python engine_export.py FILE FOLDER [FILE FOLDER ...]

Prints JSON: for each file what could not be exported, and the engine's error.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import openquake.calculators.export.hazard  # noqa: E402, F401 - registers the exporters
from openquake.calculators.export import export  # noqa: E402
from openquake.commonlib import datastore  # noqa: E402

OUTPUTS = ("hcurves", "hmaps", "uhs", "hmaps-stats", "realizations")


def exported(file: str, folder: str) -> dict[str, str]:
    """Export all outputs that need curves only; return the errors."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    store = datastore.read(file)
    store.export_dir = folder
    errors = {}
    for output in OUTPUTS:
        if output.startswith("hmaps-") and output not in store:
            continue  # the job asked for none
        try:
            export((output, "csv"), store)
        except Exception as error:
            errors[output] = f"{type(error).__name__}: {error}".partition(" in <")[0]
    store.close()
    return errors


if __name__ == "__main__":
    words = sys.argv[1:]
    found = {file: exported(file, out) for file, out in zip(words[::2], words[1::2], strict=True)}
    print(json.dumps(found))
