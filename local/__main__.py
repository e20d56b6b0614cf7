"""Entry point: the signals first, so that even an interruption while importing ends well."""

import sys

from local import interruption

if __name__ == "__main__":
    try:
        interruption.install()
        from local.cli import main

        main()
    except interruption.Interrupted:
        sys.stderr.write("Interrupted; everything is stopped.\n")
        sys.exit(interruption.EXIT_CODE)
