"""A profile is read, or the line of what is wrong in it is told; editors are told the same."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from electiontui.alerts import CONDITIONS, Rule
from electiontui.documents import Lines
from electiontui.keys import ACTIONS
from electiontui.profiles import BadProfile, Profile, parse_profile, split_words
from electiontui.profiles.reading import KEYS, MOST_RULES, RULE_KEYS, THRESHOLDS

SCHEMA = json.loads(files("electiontui.profiles").joinpath("schema.json").read_text("utf-8"))
EDITOR = Draft202012Validator(SCHEMA)
FILE = Path("/profiles/prod.toml")

WHOLE = """\
endpoints = ["10.0.0.1:2379", "10.0.0.2:2379,10.0.0.3:2379"]
prefix = ["services/", ""]
user = "ops"
password-command = "pass show 'etcd prod'"
cacert = "ca.pem"
cert = "/etc/cert.pem"
key = "/etc/key.pem"
insecure-transport = false
command-timeout = "1m30s"
dial-timeout = 2
read-only = true
low-bandwidth = false
plain = false
metrics = "127.0.0.1:9109"
history = "past.db"
no-history = false
log-file = "log"
log-level = "debug"
on-change = ["tell", "--loudly"]
on-alert = "page ops"
theme = "nord"
thresholds.vacant-longer-than = "10s"
thresholds.min-standby = 0
thresholds.ignore = ["ttl-short"]

[keys]
help = ["H", "f1"]
filter = "?"

[[alerts]]
when = "vacant"
elections = ["orders", "billing/*"]
longer-than = "30s"

[[alerts]]
name = "restless"
when = "changes"
more-than = 5
within = "10m"
hold = "1m"
"""


def read(content: str) -> Profile:
    return parse_profile(content, FILE, "prod")


def test_everything_that_a_profile_may_say() -> None:
    profile = read(WHOLE)
    assert profile.options == {
        "endpoints": ("10.0.0.1:2379", "10.0.0.2:2379", "10.0.0.3:2379"),
        "prefixes": ("services/", ""),
        "user": "ops",
        "cacert": Path("/profiles/ca.pem"),
        "cert": Path("/etc/cert.pem"),
        "key": Path("/etc/key.pem"),
        "insecure_transport": False,
        "command_timeout": 90.0,
        "dial_timeout": 2.0,
        "read_only": True,
        "low_bandwidth": False,
        "plain": False,
        "metrics": ("127.0.0.1", 9109),
        "history": Path("/profiles/past.db"),
        "without_history": False,
        "log_file": Path("/profiles/log"),
        "log_level": "debug",
        "on_change": ("tell", "--loudly"),
        "on_alert": ("page", "ops"),
    }
    assert profile.password_command == ("pass", "show", "etcd prod")
    assert profile.thresholds == {"vacant_longer_than": 10.0, "min_standby": 0, "ignore": ("ttl-short",)}
    assert (profile.theme, profile.keys) == ("nord", {"help": ("H", "f1"), "filter": ("question_mark",)})
    assert profile.rules == (
        Rule("vacant", elections=("orders", "billing/*"), longer_than=30.0),
        Rule("changes", "restless", more_than=5, within=600.0, hold=60.0),
    )
    where = {key: profile.lines[key] for key in ("endpoints", "theme", "thresholds.ignore", "keys.filter", "alerts.2")}
    assert where == {"endpoints": 1, "theme": 21, "thresholds.ignore": 24, "keys.filter": 28, "alerts.2": 35}
    assert profile.where("keys.filter") == "prod.toml:28"
    assert list(EDITOR.iter_errors(tomllib.loads(WHOLE))) == []


WRONG = [
    ("user = 'a'\npassword = 'hunter2'", 2, "password-command or password-file"),
    ("user = 'ops:hunter2'", 1, "password-command or password-file"),
    ("endpoint = 'a:1'", 1, "'endpoint' means nothing here; there are endpoints"),
    ("endpoints = []", 1, "no endpoint"),
    ("endpoints = 5", 1, "5 is no text"),
    ("user = ''", 1, "empty"),
    ("prefix = []", 1, '"" is the whole key space'),
    ("cacert = ''", 1, "no name of a file"),
    ("metrics = '9109x'", 1, ""),
    ("read-only = 'yes'", 1, "neither true nor false"),
    ("\ncommand-timeout = '5'", 2, "no duration: give seconds, or text such as"),
    ("command-timeout = 0", 1, "no duration"),
    ("log-level = 'loud'", 1, "none of debug, info, warning, error"),
    ('on-alert = "say \'hello"', 1, "quotation mark is not closed"),
    ("on-alert = []", 1, "no command here"),
    ("on-change = '  '", 1, "no command"),
    ("theme = 'pink'", 1, "none of textual-dark"),
    ("password-file = 'x'", 1, "Whose password"),
    ("user='a'\npassword-file = 'x'\npassword-command = 'y'", 2, "two ways"),
    ("thresholds = 3", 1, "write [thresholds]"),
    ("[thresholds]\nmin-standby = -1", 2, "from 0 to 1000"),
    ("[thresholds]\nignore = ['noise']", 2, "none of unreachable"),
    ("[thresholds]\nvacant = 3", 2, "'vacant' means nothing here"),
    ("[keys]\nhelp = 'H'\nhlep = 'x'", 3, "'hlep' is no action; there are view_elections"),
    ("[keys]\nhelp = 'tab'", 2, "stays what it is"),
    ("[keys]\nhelp = []", 2, "such as '?'"),
    ("[keys]\n\nhelp = 'x'", 3, "'x' is also"),
    ("[keys]\nsort = 'e'", 2, "'e' is also export in 'elections'; choose another key, or give export one"),
    ("keys.sort = 'e'", 1, "'e' is also export"),
    ("alerts = 1", 1, "write [[alerts]] above each"),
    ("[[alerts]]\nname = 'a'", 1, "needs when; there are vacant"),
    ("[[alerts]]\nwhen = 'quiet'", 2, "none of vacant"),
    ("[[alerts]]\nwhen = ['vacant']", 2, "none of vacant"),
    ("[[alerts]]\nwhen = 'vacant'\n[[alerts]]\nwhen = 'changes'\nmore-than = 3", 3, "'within' is missing"),
    ("[[alerts]]\nwhen = 'vacant'\nleader = 'a'", 3, "'leader' means nothing here"),
    ("[[alerts]]\nwhen = 'vacant'\nhold = '1ms'", 3, "from 1 s to 720h"),
    ("[[alerts]]\nwhen = 'leader-matches'\nleader = '!'", 3, "empty"),
    ("[[alerts]]\nwhen = 'changes'\nmore-than = 0\nwithin = '1m'", 3, "from 1 to 1000"),
    ("a = [", 1, "this is not TOML"),
]


@pytest.mark.parametrize(("content", "line", "says"), WRONG)
def test_what_is_wrong_is_told_with_its_line(content: str, line: int, says: str) -> None:
    with pytest.raises(BadProfile) as caught:
        read(content)
    assert str(caught.value).startswith(f"/profiles/prod.toml:{line}: ")
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_there_is_a_most_of_alerts() -> None:
    one = "[[alerts]]\nwhen = 'vacant'\n"
    assert len(read(one * MOST_RULES).rules) == MOST_RULES
    with pytest.raises(BadProfile, match="50 are the most"):
        read(one * (MOST_RULES + 1))


def test_words_are_split_as_a_shell_would_but_mean_nothing_else() -> None:
    assert split_words("a 'b c' $HOME \"d;e\" | x") == ("a", "b c", "$HOME", "d;e", "|", "x")


# --- editors


def test_the_schema_names_what_is_read() -> None:
    apart = {"password-command", "password-file", "theme", "thresholds", "keys", "alerts"}
    assert set(SCHEMA["properties"]) == {*KEYS, *apart}
    assert set(SCHEMA["properties"]["thresholds"]["properties"]) == set(THRESHOLDS)
    assert set(SCHEMA["properties"]["keys"]["properties"]) == set(ACTIONS)
    alerts = {each["properties"]["when"]["const"]: each for each in SCHEMA["$defs"]["alert"]["oneOf"]}
    assert set(alerts) == set(CONDITIONS)
    for when, (needed, possible) in CONDITIONS.items():
        assert set(alerts[when]["properties"]) == {*RULE_KEYS, *needed, *possible}
        assert set(alerts[when]["required"]) == {"when", *needed}
    assert SCHEMA["properties"]["alerts"]["maxItems"] == MOST_RULES


ONLY_THE_READER = ("stays what it is", "is also", "from 1 s", "quotation", "is not TOML")
"""What a schema cannot say: the reader finds it all the same."""


@pytest.mark.parametrize(("content", "line", "says"), WRONG)
def test_editors_find_wrong_what_the_reader_does(content: str, line: int, says: str) -> None:
    if not any(part in says for part in ONLY_THE_READER):
        assert not EDITOR.is_valid(tomllib.loads(content))


_SCRAP = st.sampled_from(["", "a", "a b", "a:b", "ops", "5s", "1m30s", "nord", "info", "vacant", "orders/*", "!x", "'"])
_LENGTH = st.one_of(_SCRAP, st.integers(-1, 3), st.booleans())
_VALUE = st.one_of(_LENGTH, st.lists(st.one_of(_SCRAP, st.integers(0, 1)), max_size=2))
_DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*KEYS, "theme", "password-command", "password-file", "unknown"), _VALUE),
        "thresholds": st.dictionaries(st.sampled_from([*THRESHOLDS, "unknown"]), _VALUE, max_size=2),
        "alerts": st.lists(
            st.dictionaries(
                st.sampled_from([*RULE_KEYS, "longer-than", "more-than", "within", "leader"]),
                st.one_of(_VALUE, st.sampled_from(list(CONDITIONS))),
                max_size=4,
            ),
            min_size=1,
            max_size=2,
        ),
    },
)


@given(_DOCUMENT.map(lambda document: dict(list(document.items())[:4])))
def test_what_is_read_is_valid_for_editors(document: dict[str, Any]) -> None:
    try:
        read(_toml(document))
    except BadProfile:
        return
    assert list(EDITOR.iter_errors(document)) == []


def _toml(document: dict[str, Any]) -> str:
    simple = [f"{key} = {json.dumps(value)}" for key, value in document.items() if key not in ("thresholds", "alerts")]
    for key, value in document.get("thresholds", {}).items():
        simple.append(f"thresholds.{key} = {json.dumps(value)}")
    for alert in document.get("alerts", []):
        simple += ["[[alerts]]", *(f"{key} = {json.dumps(value)}" for key, value in alert.items())]
    return "\n".join(simple)


# --- any text


@given(st.text(alphabet="ab[]{}=.\"'\n#, 1", max_size=60))
def test_any_text_is_read_or_has_a_line(content: str) -> None:
    try:
        read(content)
    except BadProfile as exc:
        line = int(str(exc).split(":")[1])
        assert 0 <= line <= max(1, len(content.splitlines()))


def test_the_lines_of_keys_with_dots_and_quotes() -> None:
    lines = Lines("a.b = 1\n[x.'y z']\n\"k\" = 2\nd.e.f = 3\n")
    assert [lines.of(path) for path in (("a",), ("a", "b"), ("x", "y z"), ("x", "y z", "k"))] == [1, 1, 2, 3]
    assert lines.of(("x", "y z", "d", "e")) == 4
    assert lines.of(("nowhere", "known")) == 1


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("# a\u2028b\u0085c\n", 2),  # these end no line of TOML
        ('# so it begins: """\n\n', 3),
        ("endpoints = 'a\u2029b'\n", 2),
    ],
)
def test_a_line_is_counted_as_editors_count_it(above: str, line: int) -> None:
    with pytest.raises(BadProfile, match=f"^/profiles/prod.toml:{line}: 'foo' means nothing here"):
        parse_profile(f"{above}foo = 1\n", FILE, "prod")


def test_a_number_without_end_is_told_as_any_other_mistake() -> None:
    with pytest.raises(BadProfile, match=r"^/profiles/prod.toml:1: this is no TOML that can be read"):
        parse_profile(f"dial-timeout = {'9' * 5000}", FILE, "prod")
