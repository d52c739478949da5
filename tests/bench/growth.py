"""The same work in a catalogue ten times as large."""

from collections.abc import Iterator

from tests.bench import load
from tests.bench.figures import Figure, medians
from tests.bench.stage import Stage

_FOLDER = 1000
_LISTINGS = 20


def growth(stage: Stage) -> Iterator[Figure]:
    """PROPFIND of a folder of 1,000, and PUT, with 200,000 entries and, in place of a peer, with 20,000.

    So the ratio is how many times as fast the large catalogue is as the small one: 0.83 is a fifth slower.
    """
    entries = stage.plan.entries
    sizes = (10 * entries, entries)
    members = min(_FOLDER, entries // 20)
    sides = []
    for size in sizes:
        served = stage.gateway()
        served.fill("first", members)
        for number in range(size // members - 1):
            served.copy("first", f"copy{number}")
        sides.append(stage.side(served))
    names = f"in {sizes[0]} entries, beside {sizes[1]}"
    listing = Figure(f"PROPFIND of a folder of {members}, {names}", "ms", peer_name=f"{sizes[1]} entries:")
    upload = Figure(f"PUT {names}", "2xx/s", more_is_better=True, peer_name=f"{sizes[1]} entries:")
    labels = [f"{size} entries" for size in sizes]
    costs: dict[str, list[dict[str, float]]] = {label: [] for label in labels}
    for _ in range(stage.plan.rounds):
        for side, label, listings, uploads in zip(
            sides, labels, (listing.ours, listing.peer), (upload.ours, upload.peer), strict=True
        ):
            answers = [side.ask("PROPFIND", "first/", Depth="1").seconds * 1000 for _ in range(_LISTINGS)]
            listings.append(sorted(answers)[_LISTINGS // 2])
            rate = load.put(side, stage.folder(), stage.plan.seconds)
            uploads.append(rate.each_second)
            costs[label].append(rate.cpu)
    upload.cpu = {label: medians(runs) for label, runs in costs.items()}
    yield from (listing, upload)
