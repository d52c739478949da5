"""A process that writes to a catalogue sixty times and prints the longest that it had to wait, in seconds."""

import sys
import time

from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.catalogue.statements import upkeep as upkeep_sql


def main(url: str, number: str) -> None:
    """Write under names that begin with ``number``."""
    catalogue = Catalogue(make_url(url))
    worst = 0.0
    for turn in range(60):
        start = time.monotonic()
        catalogue.run(upkeep_sql.ADD_META, name=f"{number}-{turn}", value="")
        worst = max(worst, time.monotonic() - start)
    catalogue.close()
    print(worst)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
