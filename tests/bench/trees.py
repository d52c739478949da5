"""Folders of ten thousand: listing, renaming and copying them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from tests.bench.figures import Figure
from tests.bench.stage import Stage

_FILLERS = 8
_WARM = 10
"""Requests after which every worker has imported and compiled what it needs."""


def _fill_bucket(stage: Stage, bucket: str, folder: str, files: int) -> None:
    """The peer's folder, straight into its bucket."""
    client = stage.minio.client
    with ThreadPoolExecutor(_FILLERS) as pool:
        for number in range(1, files + 1):
            pool.submit(client.put_object, bucket, f"{folder}{number}.jpg", BytesIO(b"x"), 1)


def propfind(stage: Stage) -> Iterator[Figure]:
    """PROPFIND of 10,000 entries: ours when it was never listed, rclone's before and after it knows them.

    Both sides have just started, and have answered only for their top folder. rclone remembers a folder for five
    minutes, blind to what others change in the bucket meanwhile.
    """
    count, folder = stage.plan.members, "listed/"
    served, rclone = stage.gateway(), stage.rclone()
    served.fill(folder, count)
    _fill_bucket(stage, rclone.bucket, folder, count)
    ours, peer = stage.side(served), stage.peer_side(rclone)
    what = f"PROPFIND of {count} entries"
    first = Figure(f"{what}: ours cold, rclone's first", "s")
    cached = Figure(f"{what}: ours cold, rclone's cached", "s")
    again = Figure(f"{what}: the second time on both sides", "s")
    early = Figure(f"{what}: to the first byte, ours cold, rclone's cached", "ms")
    for _ in range(min(3, stage.plan.rounds)):
        for component in (served.gateway, rclone):
            component.stop()
            component.start()
        for side in (ours, peer):
            for _ in range(_WARM):
                side.ask("PROPFIND", Depth="0")
        cold, warm = (ours.ask("PROPFIND", folder, Depth="1") for _ in range(2))
        slow, quick = (peer.ask("PROPFIND", folder, Depth="1") for _ in range(2))
        for figure, one, other in (
            (first, cold.seconds, slow.seconds),
            (cached, cold.seconds, quick.seconds),
            (again, warm.seconds, quick.seconds),
            (early, cold.first_byte * 1000, quick.first_byte * 1000),
        ):
            figure.ours.append(one)
            figure.peer.append(other)
    yield from (first, cached, again, early)


def move(stage: Stage) -> Iterator[Figure]:
    """MOVE of a folder of 10,000, and the requests to the store that it took."""
    yield from _whole_folder(stage, "MOVE")


def copy(stage: Stage) -> Iterator[Figure]:
    """COPY of a folder of 10,000, and the requests to the store that it took."""
    yield from _whole_folder(stage, "COPY")


def _whole_folder(stage: Stage, method: str) -> Iterator[Figure]:
    count, name = stage.plan.members, "there"
    our_proxy, peer_proxy = stage.proxy(), stage.proxy()
    served, rclone = stage.gateway(DAVGALLERY_S3_ENDPOINT=our_proxy.endpoint), stage.rclone(peer_proxy.endpoint)
    served.fill(name, count)
    _fill_bucket(stage, rclone.bucket, f"{name}/", count)
    took = Figure(f"{method} of a folder of {count}", "ms")
    asked = Figure(f"{method} of a folder of {count}: requests to the store", "requests")
    sides = (
        (stage.side(served), our_proxy, took.ours, asked.ours, stage.plan.rounds),
        (stage.peer_side(rclone), peer_proxy, took.peer, asked.peer, 1),  # minutes, and the order is not in doubt
    )
    for side, proxy, times, requests, rounds in sides:
        side.ask("PROPFIND", Depth="0")
        source = name
        for number in range(rounds):
            destination, before = f"{name}{number}", proxy.requests
            answer = side.ask(method, f"{source}/", Destination=f"{side.url}{destination}/")
            times.append(answer.seconds * 1000)
            requests.append(proxy.requests - before)
            source = destination if method == "MOVE" else name
    yield from (took, asked)
