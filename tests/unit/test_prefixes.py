"""Prefixes to choose from, by what was found below them."""

from __future__ import annotations

import pytest

from electiontui.prefixes import Found, Prefixes, base_of


def found(*paths: str) -> list[Found]:
    prefixes = Prefixes()
    for path in paths:
        prefixes.add(path, 3)
    assert prefixes.elections == len(paths)
    return prefixes.found()


def test_elections_are_counted_by_the_folder_that_they_stand_in() -> None:
    assert found("election/a", "election/b", "jobs/eu/x", "jobs/us/y", "root") == [
        Found("", 1, 3),
        Found("election/", 2, 6),
        Found("jobs/eu/", 1, 3),
        Found("jobs/us/", 1, 3),
    ]


def test_a_name_may_begin_with_a_slash() -> None:
    assert found("/service/a", "//x") == [Found("//", 1, 3), Found("/service/", 1, 3)]


def test_where_there_are_too_many_the_longest_are_folded() -> None:
    many = [f"jobs/{number}/leader" for number in range(2_000)]
    assert found("election/a", *many, "jobs/a/b/c") == [Found("election/", 1, 3), Found("jobs/", 2_001, 6_003)]


def test_a_thousand_prefixes_of_one_part_are_the_whole_key_space() -> None:
    assert found(*(f"{number}/leader" for number in range(1_000))) == [Found("", 1_000, 3_000)]


@pytest.mark.parametrize(
    ("prefixes", "base"),
    [
        (["election/"], "election/"),
        (["election/app-"], "election/"),
        ([""], ""),
        (["/service/a/", "/service/b/"], "/service/"),
        (["jobs/", "election/"], ""),
        (["jobs/eu/", "jobs/eu-west/"], "jobs/"),
        (["jobs/eu/", "jobs/"], "jobs/"),
        (["", "jobs/"], ""),
    ],
)
def test_what_prefixes_share(prefixes: list[str], base: str) -> None:
    assert base_of(prefixes) == base
