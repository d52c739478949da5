"""Pictures that look like photographs from afar, for galleries that people look at; drawn here, so nobody's own."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable

Colour = tuple[int, int, int]


def scene(seed: int, size: tuple[int, int]) -> Image.Image:
    """One of six kinds of scene; each seed has its own light, colours and shapes."""
    random = np.random.default_rng(seed)
    width, height = size
    kinds: tuple[Callable[[np.random.Generator, int, int], Image.Image], ...] = (
        _mountains,
        _sea,
        _flowers,
        _mountains,
        _night,
        _dunes,
        _forest,
    )
    picture = kinds[seed % len(kinds)](random, width, height).filter(ImageFilter.GaussianBlur(width / 1600))
    grain = Image.effect_noise(size, 14).convert("RGB")
    return ImageChops.overlay(picture, Image.blend(Image.new("RGB", size, (128, 128, 128)), grain, 0.5))


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(1, max(0, saturation)), min(1, max(0, value)))
    return round(red * 255), round(green * 255), round(blue * 255)


def _sky(width: int, height: int, *stops: Colour) -> Image.Image:
    """From the first colour at the top to the last at the bottom."""
    strip = Image.new("RGB", (1, len(stops)))
    strip.putdata(stops)
    return strip.resize((width, height), Image.Resampling.BICUBIC)


def _ridge(random: np.random.Generator, width: int, rough: float) -> np.ndarray:
    """Heights from -1 to 1 along a line: waves of all lengths, the short ones low."""
    x = np.linspace(0, 1, width)
    waves = sum(
        np.sin((x * 2**octave + random.random()) * 2 * np.pi * (0.6 + random.random())) / 2 ** (octave * rough)
        for octave in range(9)
    )
    return waves / np.abs(waves).max()


def _below(picture: Image.Image, line: np.ndarray, colour: Colour) -> None:
    """Fill what lies below ``line``, in pixels from the top."""
    width, height = picture.size
    points = [(x, float(y)) for x, y in enumerate(line)]
    ImageDraw.Draw(picture).polygon([(0, height), *points, (width, height)], fill=colour)


def _glow(picture: Image.Image, centre: tuple[float, float], radius: float, colour: Colour) -> Image.Image:
    width, height = picture.size
    y, x = np.mgrid[0:height, 0:width]
    near = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * radius**2))
    light = Image.fromarray((near[..., None] * np.array(colour)).astype(np.uint8))
    return ImageChops.screen(picture, light)


def _mountains(random: np.random.Generator, width: int, height: int) -> Image.Image:
    hue, dusk = random.choice([0.53, 0.57, 0.6, 0.65, 0.74]) + random.uniform(-0.02, 0.02), random.random()
    warm = _colour(0.05 + 0.07 * random.random(), 0.3 + 0.4 * dusk, 1)
    picture = _sky(width, height, _colour(hue, 0.55, 0.55 + 0.35 * (1 - dusk)), _colour(hue, 0.25, 0.92), warm, warm)
    picture = _glow(picture, (width * random.uniform(0.2, 0.8), height * 0.42), height * 0.16, (255, 220, 170))
    for layer in range(5):
        base = height * (0.42 + 0.12 * layer)
        line = base - _ridge(random, width, 1.0 + 0.05 * layer) * height * (0.16 - 0.02 * layer)
        _below(picture, line, _colour(hue + 0.02 * layer, 0.25 + 0.09 * layer, 0.72 - 0.14 * layer))
    return picture


def _sea(random: np.random.Generator, width: int, height: int) -> Image.Image:
    hue, evening = random.uniform(0.5, 0.6), random.random() < 0.5
    low = _colour(0.06, 0.55, 1) if evening else _colour(hue, 0.12, 0.98)
    picture = _sky(width, height, _colour(hue + 0.05, 0.5, 0.75), low, low)
    horizon = int(height * random.uniform(0.42, 0.58))
    sun = width * random.uniform(0.25, 0.75)
    picture = _glow(picture, (sun, horizon - height * 0.06), height * 0.09, (255, 235, 190))
    water = _sky(
        width, height - horizon, _colour(hue, 0.35, 0.85), _colour(hue, 0.7, 0.55), _colour(hue + 0.02, 0.8, 0.3)
    )
    drawing = ImageDraw.Draw(water)
    for _ in range(900):
        depth = random.random() ** 1.6
        x = random.normal(sun, width * (0.04 + 0.3 * depth)) if random.random() < 0.6 else random.uniform(0, width)
        y, length = depth * (height - horizon), width * (0.006 + 0.03 * depth)
        drawing.line((x, y, x + length, y), fill=_colour(0.1 if evening else hue, 0.15, 0.95), width=1 + int(depth * 2))
    picture.paste(water, (0, horizon))
    if random.random() < 0.6:
        line = horizon - np.maximum(0, _ridge(random, width, 1.1) - 0.1) * height * 0.12
        cliff = np.minimum(line, horizon)
        points = [(x, float(y)) for x, y in enumerate(cliff)]
        ImageDraw.Draw(picture).polygon([*points, (width, horizon), (0, horizon)], fill=_colour(hue, 0.3, 0.35))
    return picture


def _flowers(random: np.random.Generator, width: int, height: int) -> Image.Image:
    green = random.uniform(0.22, 0.36)
    picture = _sky(width, height, _colour(green, 0.5, 0.75), _colour(green, 0.6, 0.5), _colour(green, 0.75, 0.25))
    hue = random.choice([0.0, 0.08, 0.14, 0.8, 0.92])
    for distance in range(3):
        layer = Image.new("RGBA", (width, height))
        drawing = ImageDraw.Draw(layer)
        for _ in range((26, 9, 3)[distance]):
            x, y = random.uniform(0, width), random.uniform(0.15, 0.95) * height
            size = height * (0.03, 0.07, 0.15)[distance] * random.uniform(0.7, 1.2)
            drawing.line(
                (x, y, x + size * 0.3, height), fill=(*_colour(green, 0.7, 0.35), 255), width=max(2, int(size / 9))
            )
            turn, petals = random.random(), int(random.choice([5, 6, 8, 13]))
            for petal in range(petals):
                angle = 2 * np.pi * (petal / petals + turn)
                px, py, r = x + np.cos(angle) * size * 0.55, y + np.sin(angle) * size * 0.5, size * 0.4
                shade = _colour(hue + random.uniform(-0.02, 0.02), 0.65, random.uniform(0.8, 1))
                drawing.ellipse((px - r, py - r, px + r, py + r), fill=(*shade, 255))
            heart = size * 0.3
            drawing.ellipse((x - heart, y - heart, x + heart, y + heart), fill=(*_colour(0.12, 0.8, 0.9), 255))
        layer = layer.filter(ImageFilter.GaussianBlur(height * (0.025, 0.008, 0.001)[distance]))
        picture.paste(layer, (0, 0), layer)
    return picture


def _night(random: np.random.Generator, width: int, height: int) -> Image.Image:
    hue = random.uniform(0.58, 0.72)
    picture = _sky(width, height, _colour(hue, 0.8, 0.12), _colour(hue, 0.6, 0.3), _colour(0.05, 0.5, 0.35))
    drawing = ImageDraw.Draw(picture)
    x = 0.0
    while x < width:
        across, top = width * random.uniform(0.03, 0.09), height * random.uniform(0.3, 0.7)
        drawing.rectangle((x, top, x + across, height), fill=_colour(hue, 0.5, random.uniform(0.05, 0.14)))
        step = max(4, height // 50)
        for wy in range(int(top) + step, height, step * 2):
            for wx in range(int(x) + step, int(x + across) - step, step * 2):
                if random.random() < 0.4:
                    lit = _colour(0.1 + 0.04 * random.random(), 0.5, random.uniform(0.6, 1))
                    drawing.rectangle((wx, wy, wx + step // 2, wy + step), fill=lit)
        x += across * 1.05
    lights = Image.new("RGB", (width, height))
    drawing = ImageDraw.Draw(lights)
    for _ in range(18):
        x, y, r = random.uniform(0, width), random.uniform(0.6, 1) * height, height * random.uniform(0.02, 0.06)
        drawing.ellipse((x - r, y - r, x + r, y + r), fill=_colour(random.choice([0.02, 0.1, 0.13, 0.55]), 0.7, 0.6))
    return ImageChops.screen(picture, lights.filter(ImageFilter.GaussianBlur(height / 300)))


def _dunes(random: np.random.Generator, width: int, height: int) -> Image.Image:
    hue = random.uniform(0.05, 0.1)
    picture = _sky(width, height, _colour(0.58, 0.45, 0.85), _colour(0.1, 0.15, 1), _colour(hue, 0.3, 1))
    for layer in range(6):
        line = height * (0.4 + 0.11 * layer) - _ridge(random, width, 2.2) * height * 0.08
        _below(picture, line, _colour(hue, 0.45 + 0.05 * layer, 0.95 - 0.08 * layer))
        _below(
            picture,
            line + height * 0.012 + _ridge(random, width, 2.4) * height * 0.02,
            _colour(hue - 0.01, 0.55, 0.8 - 0.08 * layer),
        )
    return picture


def _forest(random: np.random.Generator, width: int, height: int) -> Image.Image:
    hue, mist = random.uniform(0.28, 0.45), random.uniform(0.4, 0.8)
    picture = _sky(width, height, _colour(hue, 0.08, 0.95), _colour(hue, 0.15, 0.85), _colour(hue, 0.3, 0.6))
    for layer in range(4):
        drawing = ImageDraw.Draw(picture)
        shade = _colour(hue, 0.25 + 0.15 * layer, (0.75 - 0.17 * layer) * (0.6 + 0.4 * mist))
        for _ in range(26 - 5 * layer):
            x, foot = random.uniform(0, width), height * (0.62 + 0.14 * layer)
            tall = height * (0.2 + 0.12 * layer) * random.uniform(0.7, 1.2)
            for tier in range(6):
                top = foot - tall * (1 - tier / 7)
                half = tall * (0.05 + 0.035 * tier)
                drawing.polygon(
                    [(x, top - tall * 0.09), (x - half, top + tall * 0.13), (x + half, top + tall * 0.13)], fill=shade
                )
            drawing.rectangle((x - tall * 0.015, foot - tall * 0.2, x + tall * 0.015, height), fill=shade)
        _below(picture, height * (0.66 + 0.13 * layer) - _ridge(random, width, 1.8) * height * 0.02, shade)
    return picture
