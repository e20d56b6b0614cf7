"""The only reader of OpenQuake's HDF5 files: engines 3.11 to 3.26, local or in S3."""

from hazard_store.calcfile.calcfile import CalcFile, open_calc
from hazard_store.calcfile.inspection import file_version, inspect_file, sha256_of

__all__ = ["CalcFile", "file_version", "inspect_file", "open_calc", "sha256_of"]
