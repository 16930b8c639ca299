"""Gives up all data of this checkout: `python -m development.reset`, or rather `make reset`."""

from __future__ import annotations

import shutil
import sys

from development.account import StartError, place_for, server_account
from development.checkout import VAR
from development.run import only_one
from development.settings import CLUSTER


def main() -> int:
    """Delete the cluster, wherever it lives, and everything else in var/; refuse while the clinic runs."""
    try:
        with only_one():
            shutil.rmtree(place_for(CLUSTER, server_account(), lasting=True))
            shutil.rmtree(VAR)
    except StartError as error:
        print(error)
        return 1
    print("All data of this checkout is gone. The next `make run` starts afresh.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
