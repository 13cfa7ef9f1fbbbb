"""Functions that build json and jsonb out of SQL values (9.16): arguments arrive as JSON text."""

from __future__ import annotations

from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import jsons
from dotdo_postgres.mapping import types as t

FAMILY = Family("9.16")


def _key(fragment: str | None, at: int) -> str:
    if fragment is None:
        raise error("22023", f"argument {at} cannot be null", hint="Object keys should be text.")
    value = jsons.parse(fragment)
    if isinstance(value, (dict, list)):
        raise error("22023", "key value must be scalar, not array, composite, or json")
    text = value if isinstance(value, str) else jsons.dump(value)
    return jsons.dump(str.__str__(text))


def _pairs(args: tuple[str | None, ...]) -> list[tuple[str, str]]:
    if len(args) % 2:
        hint = "The arguments of json_build_object() must consist of alternating keys and values."
        raise error("22023", "argument list must have even number of elements", hint=hint)
    return [(_key(args[at], at + 1), args[at + 1] or "null") for at in range(0, len(args), 2)]


@FAMILY.function(
    "json_build_object(variadic any)",
    "json_build_object()",
    returns="json",
    is_strict=False,
    is_json_form=True,
)
def json_build_object(*args: str | None) -> str:
    """Make an object of alternating keys and values."""
    return "{" + ", ".join(f"{key} : {value}" for key, value in _pairs(args)) + "}"


@FAMILY.function(
    "jsonb_build_object(variadic any)",
    "jsonb_build_object()",
    returns="jsonb",
    is_strict=False,
    is_json_form=True,
)
def jsonb_build_object(*args: str | None) -> str:
    """Make an object of alternating keys and values."""
    return jsons.jsonb_from_text(
        "{" + ",".join(f"{key}:{value}" for key, value in _pairs(args)) + "}"
    )


@FAMILY.function(
    "json_build_array(variadic any)",
    "json_build_array()",
    returns="json",
    is_strict=False,
    is_json_form=True,
)
def json_build_array(*args: str | None) -> str:
    """Make an array."""
    return "[" + ", ".join(arg or "null" for arg in args) + "]"


@FAMILY.function(
    "jsonb_build_array(variadic any)",
    "jsonb_build_array()",
    returns="jsonb",
    is_strict=False,
    is_json_form=True,
)
def jsonb_build_array(*args: str | None) -> str:
    """Make an array."""
    return jsons.jsonb_from_text("[" + ",".join(arg or "null" for arg in args) + "]")


def _row_to_json(*args: str | None) -> str:
    return "{" + ",".join(f"{key}:{value}" for key, value in _pairs(args)) + "}"


ROW_TO_JSON = Routine(
    "function",
    "row_to_json",
    (t.ANY,),
    t.JSON,
    body=_row_to_json,
    is_strict=False,
    is_json_form=True,
    sql_name="pg__row_to_json",
)


@FAMILY.function("row_to_json(record)", returns="json", is_json_form=True)
def row_to_json(fragment: str) -> str:
    """Turn a row into json."""
    return fragment


@FAMILY.function("row_to_json(record, boolean)", returns="json", is_json_form=True)
def row_to_json_lines(fragment: str, is_pretty: str) -> str:
    """Turn a row into json, each field on its line when asked for."""
    if is_pretty != "true":
        return fragment
    fields = jsons.parse(fragment)
    assert isinstance(fields, dict)
    parts = (f"{jsons.dump(name)}:{jsons.dump(item)}" for name, item in fields.items())
    return "{" + ",\n ".join(parts) + "}"


@FAMILY.function("to_json(anyelement)", returns="json", is_json_form=True)
def to_json(fragment: str) -> str:
    """Turn a value into json."""
    return fragment


@FAMILY.function("array_to_json(anyarray)", returns="json", is_json_form=True)
def array_to_json(fragment: str) -> str:
    """Turn an array into json."""
    return fragment


@FAMILY.function("array_to_json(anyarray, boolean)", returns="json", is_json_form=True)
def array_to_json_lines(fragment: str, is_pretty: str) -> str:
    """Turn an array into json, each item of the first dimension on its line."""
    if is_pretty != "true":
        return fragment
    items = jsons.parse(fragment)
    assert isinstance(items, list)
    return "[" + ",\n ".join(jsons.dump(item) for item in items) + "]"


@FAMILY.function("to_jsonb(anyelement)", returns="jsonb", is_json_form=True)
def to_jsonb(fragment: str) -> str:
    """Turn a value into jsonb."""
    return jsons.jsonb_from_text(fragment)


@FAMILY.aggregate("json_agg(anyelement)", returns="json", is_strict=False, is_json_form=True)
class JsonArray:
    """Collects values, NULLs included, into a json array."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def step(self, fragment: str | None) -> None:
        """Take a value."""
        self.parts.append(fragment or "null")

    def final(self) -> str | None:
        """Return the array, NULL of no rows."""
        return "[" + ", ".join(self.parts) + "]" if self.parts else None


@FAMILY.aggregate("jsonb_agg(anyelement)", returns="jsonb", is_strict=False, is_json_form=True)
class JsonbArray(JsonArray):
    """Collects values, NULLs included, into a jsonb array."""

    def final(self) -> str | None:
        """Return the array, NULL of no rows."""
        return jsons.jsonb_from_text("[" + ",".join(self.parts) + "]") if self.parts else None


@FAMILY.aggregate("json_object_agg(any, any)", returns="json", is_strict=False, is_json_form=True)
class JsonObject:
    """Collects keys and values into a json object."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def step(self, key: str | None, value: str | None) -> None:
        """Take a key and a value."""
        if key is None:
            raise error("22023", "field name must not be null")
        self.pairs.append((_key(key, 1), value or "null"))

    def final(self) -> str | None:
        """Return the object, NULL of no rows."""
        return (
            "{ " + ", ".join(f"{key} : {value}" for key, value in self.pairs) + " }"
            if self.pairs
            else None
        )


@FAMILY.aggregate("jsonb_object_agg(any, any)", returns="jsonb", is_strict=False, is_json_form=True)
class JsonbObject(JsonObject):
    """Collects keys and values into a jsonb object."""

    def final(self) -> str | None:
        """Return the object, NULL of no rows."""
        if not self.pairs:
            return None
        return jsons.jsonb_from_text(
            "{" + ",".join(f"{key}:{value}" for key, value in self.pairs) + "}"
        )
