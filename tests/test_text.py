"""Foreign text: harmless, and cut by cells."""

from __future__ import annotations

import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electiontui.text import fit, safe, shell_word, width


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"node-03", "node-03"),
        ("größe", "größe"),
        (b"\x1b[31mred\x07", r"\x1b[31mred\x07"),
        (b"two\nlines\r\t", r"two\nlines\r\t"),
        (b"\xff\x80ok", r"\xff\x80ok"),
        ("\x9b31m", r"\u009b31m"),
        ("abc\u202edef\u200b", r"abc\u202edef\u200b"),
        ("[bold]markup[/]", "[bold]markup[/]"),
        ("a\ufe0f", r"a\ufe0f"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + r"\u0301\u0301"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_shows_what_a_terminal_would_obey(value: bytes | str, shown: str) -> None:
    assert safe(value) == shown


@given(st.binary(max_size=200))
def test_bytes_and_their_surrogateescape_text_are_shown_alike(raw: bytes) -> None:
    shown = safe(raw)
    assert shown == safe(raw.decode("utf-8", "surrogateescape"))
    assert shown.isprintable()


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60)), st.integers(0, 30))
def test_a_cut_keeps_within_its_cells(value: bytes | str, cells: int) -> None:
    assert width(safe(value, cells)) <= cells
    assert width(fit(safe(value), cells)) == cells


def test_wide_characters_count_two_cells() -> None:
    assert safe("宽字符", 6) == "宽字符"
    assert safe("宽字符", 5) == "宽字…"
    assert safe("宽字符", 4) == "宽…"
    assert fit("宽", 4, right=True) == "  宽"


def test_a_cut_of_a_megabyte_costs_as_little_as_of_a_kilobyte() -> None:
    huge = "宽\x1b".encode() * 300_000
    began = time.process_time()
    for _ in range(100):
        safe(huge, 40)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("word", [b"plain", b"with space", b"it's", b"a\nb", b"\xff\x1b[", "größe".encode(), b""])
def test_a_shell_reads_a_quoted_word_as_the_same_bytes(word: bytes) -> None:
    printed = subprocess.run(["bash", "-c", f"printf %s {shell_word(word)}"], capture_output=True, check=True)
    assert printed.stdout == word
