"""Colours in sRGB, as libvips and lcms have them, whatever a file's own are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import Image, ImageCms

from indexer.extract import colour
from tests.components.kits import kit
from tests.indexer.looks import delta_e, difference, encoded, made, rendition

NOBODY_SEES = 3
"""Mean CIEDE2000."""
PROFILES = Path("/usr/share/color/icc/colord")
"""Of Debian's colord-data."""


def profile(name: str) -> bytes:
    """An RGB profile: by colord, or the Display P3 that libvips has."""
    found: bytes = pyvips.Operation.call("profile_load", "p3") if name == "p3" else (PROFILES / name).read_bytes()
    return found


@pytest.fixture(scope="module")
def chart() -> Image.Image:
    """Patches of every colour, 64 pixels each, larger than what encoding does to their edges."""
    steps = np.array([0, 64, 128, 192, 255], np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(5, 25, 3)
    return Image.fromarray(colours.repeat(64, axis=0).repeat(64, axis=1))


def by_libvips(data: bytes) -> Image.Image:
    """The picture in sRGB by its own profile."""
    picture = pyvips.Image.new_from_buffer(data, "")
    return Image.fromarray(
        picture.icc_transform("srgb", embedded=True, black_point_compensation=False).numpy()[..., :3]
    )


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "WEBP"])
@pytest.mark.parametrize("name", ["p3", "AdobeRGB1998.icc", "ProPhotoRGB.icc"])
def test_a_wide_profile_is_converted(name: str, form: str, chart: Image.Image) -> None:
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    options |= {"lossless": True} if form == "WEBP" else {}
    data = encoded(chart, form, icc_profile=profile(name), **options)
    expected = by_libvips(data)
    assert delta_e(expected, chart) > NOBODY_SEES / 2  # there is something to convert
    assert delta_e(expected, rendition(made(data))) < NOBODY_SEES
    assert delta_e(expected, rendition(made(data))) < delta_e(expected, chart)


def test_a_profile_that_is_srgb_by_another_name_changes_nothing(chart: Image.Image) -> None:
    """Debian's sRGB has other bytes than lcms's; lossless encodings show that no value moved."""
    picture = colour.to_srgb(chart.copy(), colour.Space(profile=profile("sRGB.icc")))
    assert np.array_equal(np.asarray(picture), np.asarray(chart))


def test_adobe_rgb_that_only_exif_tells_of(chart: Image.Image) -> None:
    """As cameras do it (DCF 2.0): the interoperability index is R03, ColorSpace is none that EXIF knows."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03\0", 2: b"0100"}
    without = encoded(chart, "JPEG", quality=95, subsampling=0, exif=exif)
    with_profile = encoded(chart, "JPEG", quality=95, subsampling=0, icc_profile=profile("AdobeRGB1998.icc"))
    assert delta_e(by_libvips(with_profile), rendition(made(without))) < NOBODY_SEES
    assert delta_e(rendition(made(with_profile)), rendition(made(without))) < 1


def test_a_broken_or_foreign_profile_is_left_out(chart: Image.Image) -> None:
    for wrong in (b"nonsense", profile("p3")[:200], pyvips.Operation.call("profile_load", "cmyk")):
        assert difference(rendition(made(encoded(chart, "PNG", icc_profile=wrong))), chart) < 6


def test_cmyk_by_its_profile(chart: Image.Image) -> None:
    rgb = pyvips.Image.new_from_array(np.asarray(chart)).copy(interpretation="srgb")
    data = rgb.icc_transform("cmyk", input_profile="srgb").jpegsave_buffer(Q=95, profile="cmyk")
    assert Image.open(io.BytesIO(data)).mode == "CMYK"
    assert delta_e(by_libvips(data), rendition(made(data))) < NOBODY_SEES


def test_cmyk_of_adobe_which_is_inverted() -> None:
    """Pillow's two samples show the same, one of them in CMYK."""
    folder = kit("pillow") / "Tests/images"
    with Image.open(folder / "pil_sample_rgb.jpg") as expected:
        assert delta_e(expected, rendition(made(folder / "pil_sample_cmyk.jpg"))) < 12


@pytest.mark.parametrize("primaries", [9, 12])
def test_primaries_that_a_heic_only_names_by_number(primaries: int, chart: Image.Image) -> None:
    """ITU-T H.273: 9 is BT.2020, 12 Display P3; the curve is that of sRGB."""
    file = io.BytesIO()
    pillow_heif.from_pillow(chart).save(
        file, quality=95, chroma="444", color_primaries=primaries, transfer_characteristics=13
    )
    expected = chart.copy()
    if primaries == 12:
        expected = by_libvips(encoded(chart, "PNG", icc_profile=profile("p3")))
        assert delta_e(expected, rendition(made(file.getvalue()))) < NOBODY_SEES
    # Greys are the same in all of them; what is colourful becomes more so.
    shown = np.asarray(rendition(made(file.getvalue())), float)
    pale = np.asarray(chart, float)
    assert saturation(shown) > 1.05 * saturation(pale)


def saturation(pixels: np.ndarray) -> float:
    """Of the patches that have room for more."""
    muted = np.clip(pixels[64 * 1 : 64 * 4], 0, 255)
    return float(np.ptp(muted, axis=-1).mean())


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_not_flat(transfer: int) -> None:
    """Greys from 0.1 to 1,000 nits in PQ and HLG. White paper has 203 (ITU-R BT.2408); below it, sRGB's curve holds."""
    file = io.BytesIO()
    nits = np.array([0.1, 5, 36.5, 203, 1000])
    signal = pq(nits) if transfer == 16 else hlg(nits)
    wedge = (signal * 65535).astype("<u2").repeat(64)[None, :, None].repeat(64, axis=0).repeat(3, axis=2)
    pillow_heif.encode(
        "RGB;16", (320, 64), wedge.tobytes(), file, quality=95, chroma="444", color_primaries=9,
        transfer_characteristics=transfer, matrix_coefficients=9,
    )  # fmt: skip
    with_pixels = np.asarray(rendition(made(file.getvalue())).convert("L"), float)
    black, dark, middle, paper, sun = (with_pixels[20:44, 64 * n + 20 : 64 * n + 44].mean() for n in range(5))
    assert black < 5
    assert dark == pytest.approx(43, abs=5)  # 5 / 203 of the light
    assert middle == pytest.approx(118, abs=5)  # 18 %
    assert 210 < paper < 240  # highlights need the rest
    assert sun > paper + 15


def pq(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084."""
    power = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(nits: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100, for greys on a screen of 1,000 nits."""
    scene = (nits / 1000) ** (1 / 1.2)
    return np.where(
        scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    )


@pytest.fixture(scope="module")
def wedge() -> Image.Image:
    """From black to white."""
    return Image.fromarray(np.linspace(0, 255, 400).astype(np.uint8)[None].repeat(100, axis=0))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_every_mode_shows_the_same_wedge(mode: str, wedge: Image.Image) -> None:
    picture = in_mode(wedge, mode)
    data = encoded(picture, "TIFF") if mode not in {"P", "PA"} else encoded(picture, "PNG" if mode == "P" else "TIFF")
    assert difference(rendition(made(data)).resize((40, 1)), wedge.convert("RGB").resize((40, 1))) < (
        8 if mode == "1" else 3
    )


def in_mode(wedge: Image.Image, mode: str) -> Image.Image:
    match mode:
        case "I;16":
            return Image.fromarray(np.asarray(wedge).astype(np.uint16) * 257)
        case "I":
            return Image.fromarray(np.asarray(wedge).astype(np.int32) * 257)
        case "F":
            return Image.fromarray(np.asarray(wedge).astype(np.float32) / 255)
        case "LAB":
            transform = ImageCms.buildTransform(
                ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
            )
            return ImageCms.applyTransform(wedge.convert("RGB"), transform)
        case "PA":
            return wedge.convert("LA").convert("PA")
        case _:
            return wedge.convert(mode)


def test_a_png_of_16_bits(wedge: Image.Image) -> None:
    data = encoded(in_mode(wedge, "I;16"), "PNG")
    assert difference(rendition(made(data)), wedge.convert("RGB")) < 3


def test_numbers_of_any_range_are_stretched() -> None:
    """A map of heights has no white of its own."""
    heights = np.linspace(-300, 4000, 400, dtype=np.float32)[None].repeat(100, axis=0)
    shown = np.asarray(rendition(made(encoded(Image.fromarray(heights), "TIFF"))).convert("L"), float)
    assert shown[:, :10].mean() < 10
    assert shown[:, -10:].mean() > 245


def test_numbers_that_are_none_are_dark(wedge: Image.Image) -> None:
    values = np.asarray(in_mode(wedge, "F")).copy()
    values[:, :100] = np.nan
    values[:, 100:110] = np.inf
    shown = np.asarray(rendition(made(encoded(Image.fromarray(values), "TIFF"))).convert("L"), float)
    assert shown[:, :90].mean() < 5
    assert shown[:, -10:].mean() > 245


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_what_is_transparent_stays_transparent(form: str, chart: Image.Image) -> None:
    picture = chart.convert("RGBA")
    picture.paste((255, 0, 0, 0), (0, 0, 800, 320))
    for name in ("240", "480", "2048"):
        shown = rendition(made(encoded(picture, form)), name)
        assert shown.mode == "RGBA"
        alpha = np.asarray(shown)[..., 3]
        assert alpha[:, : shown.width // 2 - 8].max() < 8
        assert alpha[:, shown.width // 2 + 8 :].min() > 247


def test_transparent_pixels_do_not_colour_their_neighbours() -> None:
    """A white disc on nothing: shrunk, its edge is white and translucent, not grey."""
    pixels = np.zeros((2000, 2000, 4), np.uint8)
    rows, columns = np.mgrid[:2000, :2000]
    pixels[(rows - 1000) ** 2 + (columns - 1000) ** 2 < 800**2] = 255
    shown = np.asarray(rendition(made(encoded(Image.fromarray(pixels), "PNG")), "240"))
    edge = shown[(shown[..., 3] > 60) & (shown[..., 3] < 200)]
    assert len(edge) > 50
    assert edge[:, :3].mean() > 235


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_one_colour_may_stand_for_nothing(mode: str, chart: Image.Image) -> None:
    picture = chart.convert(mode)
    nothing = picture.getpixel((5, 5))
    shown = rendition(made(encoded(picture, "PNG", transparency=nothing)))
    assert shown.mode == "RGBA"
    assert shown.getpixel((32, 32))[3] < 8


def test_what_could_be_transparent_but_is_not_loses_its_alpha(chart: Image.Image) -> None:
    assert rendition(made(encoded(chart.convert("RGBA"), "PNG"))).mode == "RGB"
