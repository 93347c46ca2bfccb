"""The place in line as it is read, on every store."""

from __future__ import annotations

import pytest

from election_core.core.model import Candidate
from election_core.errors import LeadershipLost
from election_core.shell.recipe import Recipe
from election_core.store import Put, Read

from .key_space import KeySpace, names_of


async def line_of(space: KeySpace, *together: str) -> tuple[Recipe, list[Candidate]]:
    """An election with these candidates, of whom those named in one word join by one transaction, on one lease."""
    lease_id = await space.lease()
    for names in together:
        await space.do(*(Put(space.key(name), b"", lease_id) for name in names))
    recipe = Recipe(space.store, "e", space.prefix)
    return recipe, list((await recipe.candidates()).candidates)


async def test_each_candidate_sees_who_is_ahead_and_whether_that_one_leads(space: KeySpace) -> None:
    recipe, line = await line_of(space, "d", "b", "c", "a")
    places = [await recipe.place(candidate) for candidate in line]
    assert [place.own for place in places] == line
    assert [place.ahead for place in places] == [None, *line[:-1]]
    assert [place.ahead_leads for place in places] == [False, True, False, False]


async def test_candidates_of_one_transaction_stand_in_the_order_of_their_keys(space: KeySpace) -> None:
    recipe, line = await line_of(space, "z", "dbca")
    places = {candidate.key: await recipe.place(candidate) for candidate in line}
    ahead = {names_of([place.own])[0]: place.ahead and names_of([place.ahead])[0] for place in places.values()}
    assert ahead == {"z": None, "a": "z", "b": "a", "c": "b", "d": "c"}
    assert [names_of([place.own])[0] for place in places.values() if place.ahead_leads] == ["a"]


async def test_a_key_that_is_gone_or_was_moved_is_the_loss(space: KeySpace) -> None:
    recipe, (first, second, third) = await line_of(space, "a", "b", "c")
    await space.delete("b")
    with pytest.raises(LeadershipLost, match="deleted"):
        await recipe.place(second)
    await space.put("b")
    with pytest.raises(LeadershipLost, match="deleted"):
        await recipe.place(second)
    await space.put("c", lease_id=0)
    with pytest.raises(LeadershipLost, match="moved"):
        await recipe.place(third)
    assert (await recipe.place(first)).leads


async def test_joining_again_takes_up_the_place(space: KeySpace) -> None:
    recipe, (first,) = await line_of(space, "a")
    own, place = await recipe.join(space.key("b"), b"v", first.lease_id)
    assert place is not None
    assert (place.ahead, place.ahead_leads) == (first, True)
    again, unknown = await recipe.join(space.key("b"), b"v", first.lease_id)
    assert (again, unknown) == (own, None)
    assert (await recipe.place(again))._replace(revision=0) == place._replace(revision=0)
    assert len((await space.store.read(Read(space.all))).candidates) == 2
