"""Sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sizes import LARGEST, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1234", 1234),
        ("12 B", 12),
        ("15GB", 15_000_000_000),
        ("15 gb", 15_000_000_000),
        ("15g", 15_000_000_000),
        ("15GiB", 15 * 1024**3),
        ("1.5TiB", 3 * 1024**4 // 2),
        (" 500 MB ", 500_000_000),
        ("0.5kB", 500),
        (1024, 1024),
    ],
)
def test_size_in_decimal_and_binary_units(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "abc", "GB", "-1", "-1GB", "1.GB", "1,5GB", "1e9", "15 G B", "15XB", "٣GB", "nan"]
)
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="must be a size such as 500MB"):
        parse_size(text)


def test_size_too_large_for_the_database_is_refused() -> None:
    assert parse_size(LARGEST) == LARGEST
    with pytest.raises(ValueError, match="must be a size"):
        parse_size("9224PB")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1_234_567, "1.23 MB"),
        (15_000_000_000, "15 GB"),
        (999_999, "1 MB"),
        (412_600_000, "413 MB"),
        (LARGEST, "9223 PB"),
    ],
)
def test_size_is_shown_with_three_digits(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(0, LARGEST))
def test_what_is_shown_can_be_typed_in_again(size: int) -> None:
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.005)
