"""Mutations of profiles, of what is told to programs, and of completion."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_HOOKS = "electiontui/alerts/hooks.py"
_AMOUNTING = "electiontui/commands/amounting.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H95",
        "facts go into the environment as others wrote them",
        Edit("electiontui/alerts/plan.py", "safe(fact, _LONGEST)", "str(fact)"),
    ),
    mutation(
        "H95",
        "every name is offered to the shell",
        Edit(
            "electiontui/commands/completing.py",
            "return len(name) <= 200 and _HARMLESS.fullmatch(name) is not None",
            "return bool(name)",
        ),
    ),
    mutation(
        "H96",
        "an alert is over at once",
        Edit("electiontui/alerts/engine.py", "now - case.over_since >= rule.hold", "now >= case.over_since"),
    ),
    mutation(
        "H96",
        "a program may take as long as it likes",
        Edit(_HOOKS, "async with asyncio.timeout(self._timeout):", "async with asyncio.timeout(None):"),
    ),
    mutation(
        "H96",
        "what a program has started lives on",
        Edit(_HOOKS, "os.killpg(process.pid, signal.SIGKILL)", "process.kill()"),
    ),
    mutation("H96", "all run at once", Edit(_HOOKS, "for number in range(AT_ONCE)", "for number in range(WAITING)")),
    mutation(
        "H96",
        "completion waits for etcd",
        Edit("electiontui/commands/completing.py", "asyncio.timeout(WITHIN)", "asyncio.timeout(60)"),
    ),
    mutation(
        "H97",
        "anybody gets the password of the profile",
        Edit(_AMOUNTING, 'profile.options.get("user") == username', "username"),
    ),
    mutation(
        "H97",
        "a password file is taken to be one's own",
        Edit(
            "electiontui/profiles/places.py",
            "_mode(profile.password_file) & (stat.S_IRWXG | stat.S_IRWXO)",
            "not _mode(profile.password_file)",
        ),
    ),
    mutation(
        "H97",
        "show prints the password",
        Edit("electiontui/commands/configuring.py", "Origin(_HIDDEN, given.source)", "given"),
    ),
    mutation(
        "H97",
        "completion runs the password command",
        Edit(_AMOUNTING, "if may_ask or not profile.password_command else None", "if True else None"),
    ),
)
