"""A leader's colour: the same everywhere, and told apart by every eye."""

from __future__ import annotations

from itertools import combinations

import pytest

from electiontui.pictures.colours import COLOURS, PATTERNS, VACANT, letter_of, shade_of

# Machado, Oliveira and Fernandes, 2009: what linear RGB becomes without one kind of cone.
VISIONS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour: str, vision: str) -> tuple[float, float, float]:
    """Lightness and the two axes of CIE Lab."""
    rgb = linear(colour)
    r, g, b = (min(max(sum(a * c for a, c in zip(row, rgb, strict=True)), 0), 1) for row in VISIONS[vision])
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (
            (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
            0.2126 * r + 0.7152 * g + 0.0722 * b,
            (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, vision: str) -> float:
    pairs = zip(seen(one, vision), seen(other, vision), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_colours_are_told_apart(vision: str) -> None:
    """Two that differ by 2.3 are just told apart, side by side; these are far from that."""
    assert len(set(COLOURS)) == 12
    assert min(distance(one, other, vision) for one, other in combinations(COLOURS, 2)) > 17
    assert min(distance(VACANT, colour, vision) for colour in COLOURS) > 12


def test_neighbours_differ_without_any_colour() -> None:
    around = zip(COLOURS, (*COLOURS[1:], COLOURS[0]), strict=True)
    assert min(abs(seen(one, "full")[0] - seen(other, "full")[0]) for one, other in around) > 20


def test_a_value_has_the_same_shade_in_every_run() -> None:
    assert shade_of("host-1") == shade_of(b"host-1") == (11, 0)
    assert shade_of("") == (0, 0)


@pytest.mark.parametrize("name", ["host-{}", "node{:02}.example.com", "10.0.0.{}", "{}", "db-{}-a"])
def test_numbered_hosts_do_not_share_a_shade(name: str) -> None:
    shades = [shade_of(name.format(number)) for number in range(1, 37)]
    assert len(set(shades)) == 36
    assert {pattern for _, pattern in shades} == set(range(PATTERNS))


def test_values_that_are_hardly_text_have_shades() -> None:
    for value in (b"\xff\xfe", "\udcff", b"x" * 1_000_000, b"1" * 1_000, "٣", "²"):
        colour, pattern = shade_of(value)
        assert 0 <= colour < len(COLOURS)
        assert 0 <= pattern < PATTERNS
        assert len(letter_of(value)) == 1


@pytest.mark.parametrize(
    ("value", "letter"),
    [("host-1", "1"), ("node-12.example.com", "2"), ("alpha", "a"), ("db-3-b", "3"), ("", "#"), ("…", "#")],
)
def test_a_letter_stands_for_a_value_where_there_is_no_colour(value: str, letter: str) -> None:
    assert letter_of(value) == letter
