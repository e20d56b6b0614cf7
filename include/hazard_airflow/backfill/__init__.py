"""The steps of `backfill_hazard`: find the files, inspect and store each, sum up."""
