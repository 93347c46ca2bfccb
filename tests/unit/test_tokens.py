"""When a token is fetched, replaced and forgotten."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pytest

from election_core import AuthenticationFailed, Unavailable
from election_core.etcd.tokens import Login

LIFETIME = 300.0
"""Seconds that etcd's tokens live unless it is told otherwise."""


class Reply(NamedTuple):
    token: str


class Member:
    """Gives tokens away, one after the other, unless it is down.

    Attributes:
        now: the moment, which only the test moves.
        given: how many tokens it has given.
        failure: what it answers in place of a token.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.given = 1000.0, 0
        self.failure: Exception | None = None
        self.login = Login("user", "secret")
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    async def authenticate(self, request: Any) -> Reply:
        assert (request.name, request.password) == ("user", "secret")
        if self.failure is not None:
            raise self.failure
        self.given += 1
        return Reply(f"token {self.given}")

    async def token(self) -> str:
        ((name, token),) = await self.login.metadata(self.authenticate)
        assert name == "token"
        return token


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Member:
    return Member(monkeypatch)


async def test_a_token_is_replaced_long_before_it_expires(member: Member) -> None:
    """H33: and not for every call."""
    tokens = [await member.token()]
    for _ in range(100):
        member.now += LIFETIME / 10
        tokens.append(await member.token())
    oldest = max(tokens.count(token) for token in tokens) * LIFETIME / 10
    assert LIFETIME / 5 <= oldest <= LIFETIME * 2 / 3
    assert tokens == sorted(tokens, key=lambda token: int(token.split()[1]))


async def test_a_token_that_was_refused_is_replaced_at_once_and_only_once(member: Member) -> None:
    first = await member.token()
    for _ in range(3):
        member.login.forget((("token", first),))
        assert await member.token() == "token 2"


async def test_an_old_token_does_while_nobody_gives_a_new_one(member: Member) -> None:
    await member.token()
    member.now += LIFETIME / 2
    member.failure = Unavailable("down")
    assert await member.token() == "token 1"
    member.failure = None
    member.now += LIFETIME / 2
    assert await member.token() == "token 2"


async def test_a_refused_user_is_named(member: Member) -> None:
    member.failure = AuthenticationFailed("Wrong password.")
    with pytest.raises(AuthenticationFailed, match="'user': Wrong password"):
        await member.token()
