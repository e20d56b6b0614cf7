"""`python -m hazard_store.cli`: the same as `hazard-store`."""

from hazard_store.cli.main import main

main()
