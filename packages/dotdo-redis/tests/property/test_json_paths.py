"""Paths into random documents lead where plain recursion does, and what is deleted or set there is all that changes."""

import json
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from dotdo_redis.engine.json_values import (
    JsonError,
    compact,
    find,
    outermost,
    parse_path,
    read_json,
)
from dotdo_redis.engine.json_values.scanning import Scanner

NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", "y"])
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
STEPS = st.sampled_from(
    [".a", ".b", ".*", "[0]", "[-1]", "[0:2]", "['a','b']", "..a", "..*", "..[0]"]
)


def below(value):
    """A value and all below it, each before its children."""
    yield value
    children = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for child in children:
        yield from below(child)


def taken(value, step):
    """The children that one step without dots takes."""
    items = (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )
    if step == "*":
        return items
    if step in {"a", "b"}:
        return [value[step]] if isinstance(value, dict) and step in value else []
    if step == "['a','b']":
        return [value[name] for name in "ab" if isinstance(value, dict) and name in value]
    if not isinstance(value, list) or not value:
        return []
    return {"[0]": value[:1], "[-1]": value[-1:], "[0:2]": value[:2]}[step]


def expected(root, steps):
    found = [root]
    for step in steps:
        if step.startswith(".."):
            found = [
                one for value in found for part in below(value) for one in taken(part, step[2:])
            ]
        else:
            found = [one for value in found for one in taken(value, step.removeprefix("."))]
    return found


@given(DOCUMENTS, st.lists(STEPS, max_size=3))
@settings(max_examples=300, deadline=None)
def test_paths_lead_where_recursion_does(root, steps):
    path = parse_path(("$" + "".join(steps)).encode())
    found = [match.value for match in find(root, path.steps)]
    assert json.dumps(found) == json.dumps(expected(root, steps))


@given(DOCUMENTS, st.lists(STEPS, min_size=1, max_size=2))
@settings(max_examples=200, deadline=None)
def test_the_places_to_delete_are_apart_and_cover_what_was_found(root, steps):
    path = parse_path(("$" + "".join(steps)).encode())
    matches = find(deepcopy(root), path.steps)
    places = [match.place for match in outermost(matches)]
    assert len(set(places)) == len(places)
    for match in matches:
        assert any(match.place[: len(place)] == place for place in places)
    for one in places:
        assert not any(other != one and one[: len(other)] == other for other in places)


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsnx \\', max_size=12))
@settings(max_examples=500, deadline=None)
def test_the_fast_reader_and_the_slow_one_agree(text):
    try:
        slow = Scanner(text.encode(), 128).read()
    except JsonError as error:
        slow = str(error)
    try:
        fast = read_json(text.encode())
    except JsonError as error:
        fast = str(error)
    assert repr(fast) == repr(slow)


@given(DOCUMENTS)
@settings(max_examples=200, deadline=None)
def test_text_comes_back_as_it_was(root):
    assert read_json(compact(root)) == root
