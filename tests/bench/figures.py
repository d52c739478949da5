"""What a row measured, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    rounds: int = 5
    seconds: float = 10
    """Of each run of wrk."""
    copied: int = 2000
    """Files of the ``rclone copy``."""
    members: int = 10_000
    """Entries of a large folder."""
    large: int = 1 << 30
    """Bytes of a large file."""
    entries: int = 20_000
    """Of a catalogue that is compared with one ten times as large."""
    photographs: int = 1_000_000
    """Of a catalogue with a timeline."""
    photos: int = 1_000_000
    """Of a catalogue that is compared with an empty one."""


QUICK = Plan(rounds=2, seconds=2, copied=100, members=300, large=32 << 20, entries=2000, photos=5000)
"""Enough to see that everything works; no figure of it means anything."""


@dataclass
class Figure:
    """One thing that was measured on both sides in turn; each list has an item for each round."""

    what: str
    unit: str
    more_is_better: bool = False
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    peer_name: str = "rclone"
    cpu: dict[str, dict[str, float]] = field(default_factory=dict)
    """By side: milliseconds of CPU for each request, by part."""
    refused: dict[str, int] = field(default_factory=dict)
    """By side: answers that were no 2xx and are not counted."""

    @property
    def ratios(self) -> list[float]:
        """How many times as good as the peer we were in each round; above 1 is better."""
        pairs = zip(self.ours, self.peer, strict=False)
        return [one / other if self.more_is_better else other / one for one, other in pairs if one and other]

    def lines(self) -> list[str]:
        """For people."""
        sides = f"davgallery {_spread(self.ours)}"
        if self.peer:
            sides += f"   {self.peer_name} {_spread(self.peer)}"
        if ratios := self.ratios:
            sides += f"   ratio {_spread(ratios)}"
        lines = [f"{self.what} [{self.unit}]", f"  {sides}"]
        for side, parts in self.cpu.items():
            lines.append(f"  CPU ms a request, {side}: " + ", ".join(f"{part} {ms:.2f}" for part, ms in parts.items()))
        lines += [f"  not counted, {side}: {count} answers" for side, count in self.refused.items() if count]
        return lines

    def record(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"ratios": self.ratios}


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each part."""
    return {part: median(run[part] for run in runs) for part in runs[0]}


def _spread(values: Sequence[float]) -> str:
    return f"{_short(median(values))} ({_short(min(values))}–{_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
