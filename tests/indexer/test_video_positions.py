import pytest

from indexer.extract.iso6709 import Point, parse


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("+44.8500+034.9800+012.500/", (44.85, 34.98, 12.5)),
        ("-33.8568-151.2153/", (-33.8568, -151.2153, None)),
        ("+37.3317-122.0302+000.000CRSWGS_84/", (37.3317, -122.0302, 0.0)),
        # ISO 6709, annex H: minutes, and minutes and seconds
        ("+4012-07500/", (40.2, -75.0, None)),
        ("+4012.22-07500.25/", (40.2036667, -75.0041667, None)),
        ("+401213-0750015/", (40.2036111, -75.0041667, None)),
        ("+401213.1-0750015.1/", (40.2036389, -75.0041944, None)),
        ("-90+000+2800/", (-90, 0, 2800)),
        ("+27.5916+086.5640-011/", (27.5916, 86.564, -11)),
        # some phones leave zeros out
        ("+5.1234-70.5/", (5.1234, -70.5, None)),
        ("+0.0000+034.9800/", (0, 34.98, None)),
        ("+44.8500+034.9800/Feodosia, pier 2", (44.85, 34.98, None)),
    ],
)
def test_positions_are_understood(text: str, point: tuple[float, float, float | None]) -> None:
    assert parse(text) == pytest.approx(point, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [None, "", "/", "nonsense", "44.85 34.98", "+44.85", "+0+0/", "+91.0+000.1/", "+10+181/", "+++", "+1e9+1e9/"],
)
def test_what_is_no_position_is_none(text: str | None) -> None:
    assert parse(text) == Point()
