# Which tests `make test` and `make soak` run, as pytest's -m takes it. The Makefile includes this
# file, and tests/conftest.py reads it: a run of TEST without a path is a whole run.
TEST = not slow and not containers and not life
SOAK = slow and not month and not life
# One worker more than this machine has cores, since tests wait for servers, at most 9; ARGS="-n 0"
# runs all in one process. Tests go to whoever is idle, neighbours together as long as it goes; soaks
# by whole files, since some count together what they have met. (`loadgroup` does not group with this
# version of pytest.)
WORKERS = -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --maxprocesses 9
TEST_BY = --dist worksteal
SOAK_BY = --dist loadfile
