"""Make the files of `continued` again: each continues the one before.

Run it with a Python that has the engine, as ``make.py`` says.
The engine finds a parent by its number in its data folder, so all runs share one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREES = {
    "source_model_logic_tree_file": "source_tree_two.xml",
    "gsim_logic_tree_file": "gmm_tree_many.xml",
}
RUNS = (
    {**TREES, "calculation_mode": "preclassical"},
    {**TREES, "hazard_calculation_id": "1"},
    {**TREES, "hazard_calculation_id": "2", "individual_rlzs": "true"},
)


def main(python: str = sys.executable) -> None:
    """Make calc_1, calc_2 and calc_3."""
    with tempfile.TemporaryDirectory() as datadir:
        for number, params in enumerate(RUNS, 1):
            out = HERE / "continued" / f"calc_{number}.hdf5"
            pairs = [f"{key}={value}" for key, value in params.items()]
            subprocess.run(
                [python, HERE / "run_job.py", HERE / "jobs/job.ini", out, *pairs],
                env=os.environ | {"OQ_DATADIR": datadir},
                check=True,
            )
            shutil.copy(out, Path(datadir) / out.name)


if __name__ == "__main__":
    main(*sys.argv[1:])
