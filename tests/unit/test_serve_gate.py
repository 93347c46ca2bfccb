"""Who is let in to the dashboard in a browser, as a table."""

from __future__ import annotations

import pytest

from electiontui.serve.gate import LOOPBACK, Asked, Gate

TOKEN = "kE5-token_of-43-characters"
GATE = Gate(TOKEN, (*LOOPBACK, "election.example.com"))
PATH = f"/{TOKEN}/ws"


@pytest.mark.parametrize(
    "asked",
    [
        Asked(f"/{TOKEN}/", "127.0.0.1:8300", None),
        Asked(f"/{TOKEN}/", "localhost", None),
        Asked(PATH, "127.0.0.1:8300", "http://127.0.0.1:8300", True),
        Asked(PATH, "[::1]:8300", "http://[::1]:8300", True),
        # A tunnel has a port of its own, and a proxy in front speaks TLS.
        Asked(PATH, "localhost:9000", "http://localhost:9000", True),
        Asked(PATH, "Election.Example.com", "https://election.example.com", True),
    ],
)
def test_our_own_page_is_let_in(asked: Asked) -> None:
    assert GATE.refusal(asked) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example.com", "127.0.0.1:8300"),
        ("http://127.0.0.1:8301", "127.0.0.1:8300"),
        ("http://localhost:8300", "127.0.0.1:8300"),
        ("http://127.0.0.1:8300.evil.example.com", "127.0.0.1:8300"),
        ("http://evil@127.0.0.1:8300", "127.0.0.1:8300"),
        ("file://127.0.0.1:8300", "127.0.0.1:8300"),
        ("null", "127.0.0.1:8300"),
        ("", "127.0.0.1:8300"),
        ("http://[", "127.0.0.1:8300"),
        ("http://\x1b[31m", "127.0.0.1:8300"),
    ],
)
def test_a_page_of_another_origin_is_refused_although_it_has_the_token(origin: str, host: str) -> None:
    """H101: a page from anywhere uses a dashboard that is served on this machine."""
    refusal = GATE.refusal(Asked(PATH, host, origin, websocket=True))
    assert refusal is not None
    assert (refusal.status, "may not use this server" in refusal.says) == (403, True)
    assert refusal.says.isprintable()


@pytest.mark.parametrize(
    "host",
    ["evil.example.com:8300", "127.0.0.1.evil.example.com", "localhost.:8300", "0.0.0.0:8300", "", "[", "a\x1bb"],
)
def test_a_foreign_name_that_leads_here_is_refused(host: str) -> None:
    """H101: its pages would be of the same origin as ours, as DNS rebinding has it."""
    refusal = GATE.refusal(Asked(PATH, host, f"http://{host}", websocket=True))
    assert refusal is not None
    assert (refusal.status, "is not a name of this server" in refusal.says) == (421, True)
    assert refusal.says.isprintable()


@pytest.mark.parametrize(
    "path", ["/", "", "/ws", "//", f"//{TOKEN}/", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"/x{TOKEN}/ws", "/é/", "/\udc80/"]
)
@pytest.mark.parametrize("websocket", [False, True])
def test_without_the_token_nobody_is_let_in(path: str, websocket: bool) -> None:
    """H101: another user of the machine has no origin to betray him."""
    refusal = GATE.refusal(Asked(path, "127.0.0.1:8300", "http://127.0.0.1:8300", websocket))
    assert refusal is not None
    assert refusal.status == 403
    assert "The token is missing or wrong" in refusal.says


def test_a_websocket_says_which_page_it_is_of() -> None:
    refusal = GATE.refusal(Asked(PATH, "127.0.0.1:8300", None, websocket=True))
    assert refusal is not None
    assert "without Origin" in refusal.says
