"""json and jsonb taken along paths, changed and made of arrays (9.16)."""

from __future__ import annotations

from typing import Any

from dotdo_postgres.engine.functions.jsons import at_text_path, out, text_of, whole
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays, jsons

FAMILY = Family("9.16")


def _extracting(name: str, is_jsonb: bool) -> None:  # noqa: C901 -- one function each
    @FAMILY.function(f"{name}_extract_path({name}, text[])", returns=name)
    def extract(stored: str, *path: str) -> str | None:
        found = at_text_path(whole(stored, is_jsonb), list(path))
        return None if found is None else out(found[0], is_jsonb)

    @FAMILY.function(f"{name}_extract_path_text({name}, text[])", returns="text")
    def extract_text(stored: str, *path: str) -> str | None:
        found = at_text_path(whole(stored, is_jsonb), list(path))
        return None if found is None else text_of(found[0], is_jsonb)

    @FAMILY.function(f"{name}_strip_nulls({name})", returns=name)
    def strip_nulls(stored: str) -> str:
        return out(_stripped(jsons.parse(stored)), is_jsonb)

    @FAMILY.function(f"{name}_object(text[])", returns=name)
    def object_of_pairs(stored: str) -> str:
        items = arrays.unpack(stored)
        sizes = arrays.dimensions(items)
        if len(sizes) > 2:
            raise error("2202E", "wrong number of array subscripts")
        if len(sizes) == 2 and sizes[1] != 2:
            raise error("2202E", "array must have two columns")
        if len(sizes) == 1 and len(items) % 2:
            raise error("2202E", "array must have even number of elements")
        cells = list(arrays.leaves(items))
        return _object(cells[::2], cells[1::2], is_jsonb)

    @FAMILY.function(f"{name}_object(text[], text[])", returns=name)
    def object_of_lists(keys: str, values: str) -> str:
        names, cells = arrays.unpack(keys), arrays.unpack(values)
        if any(len(arrays.dimensions(items)) > 1 for items in (names, cells)):
            raise error("2202E", "wrong number of array subscripts")
        if len(names) != len(cells):
            raise error("2202E", "mismatched array dimensions")
        return _object(names, cells, is_jsonb)


def _stripped(value: object) -> object:
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if item is not None}
    return [_stripped(item) for item in value] if isinstance(value, list) else value


def _object(names: list[Any], cells: list[Any], is_jsonb: bool) -> str:
    if None in names:
        raise error("22004", "null value not allowed for object key")
    if is_jsonb:
        return out(dict(zip(names, cells, strict=True)), is_jsonb=True)
    pairs = zip(names, cells, strict=True)
    return "{" + ", ".join(f"{jsons.dump(key)} : {jsons.dump(cell)}" for key, cell in pairs) + "}"


_extracting("json", is_jsonb=False)
_extracting("jsonb", is_jsonb=True)


@FAMILY.operator("jsonb - text[]", returns="jsonb")
def remove_keys(stored: str, names: str) -> str:
    """Drop keys, or string elements equal to them."""
    value, gone = jsons.parse(stored), {name for name in arrays.flat(names) if name is not None}
    if isinstance(value, dict):
        return out({key: item for key, item in value.items() if key not in gone}, is_jsonb=True)
    if isinstance(value, list):
        kept = [item for item in value if not _is_string(item) or item not in gone]
        return out(kept, is_jsonb=True)
    raise error("22023", "cannot delete from scalar")


def _is_string(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, jsons.Number)


def _index(step: Any, position: int) -> int:
    text = str(step).strip()
    if not text.lstrip("+-").isdigit():
        message = f'path element at position {position} is not an integer: "{step}"'
        raise error("22P02", message)
    return int(text)


def _steps(path: str) -> list[Any]:
    steps = arrays.unpack(path)
    if len(arrays.dimensions(steps)) > 1:
        raise error("2202E", "wrong number of array subscripts")
    return steps


def changed(
    value: Any, steps: list[Any], act: str, new: Any = None, *, create: bool = True, depth: int = 1
) -> Any:
    """Return a value with what is at a path set, inserted `before` or `after`, or deleted.

    Args:
        value: Where the path starts.
        steps: The path.
        act: `set`, `before`, `after` or `delete`.
        new: What is put there.
        create: For `set`: add what is not there.
        depth: Place of the first step, for messages.

    Raises:
        PostgresError: a NULL in the path (22004), a word for an index (22P02), a key that exists (22023).
    """
    step, rest = steps[0], steps[1:]
    if step is None:
        raise error("22004", f"path element at position {depth} is null")
    if isinstance(value, dict):
        if rest:
            if step not in value:
                return value
            inner = changed(value[step], rest, act, new, create=create, depth=depth + 1)
            return {**value, step: inner}
        return _in_object(value, step, act, new, create)
    if not isinstance(value, list):
        return value
    index = _index(step, depth)
    place = index + len(value) if index < 0 else index
    if rest:
        if not 0 <= place < len(value):
            return value
        inner = changed(value[place], rest, act, new, create=create, depth=depth + 1)
        return [*value[:place], inner, *value[place + 1 :]]
    return _in_array(value, place, index, act, new, create)


def _in_object(value: dict[str, Any], step: str, act: str, new: Any, create: bool) -> Any:
    if act == "delete":
        return {key: item for key, item in value.items() if key != step}
    if act in {"before", "after"} and step in value:
        hint = "Try using the function jsonb_set to replace key value."
        raise error("22023", "cannot replace existing key", hint=hint)
    return {**value, step: new} if create or step in value else value


def _in_array(  # noqa: PLR0917 -- both forms of the place are needed
    value: list[Any], place: int, index: int, act: str, new: Any, create: bool
) -> Any:
    is_there = 0 <= place < len(value)
    if act == "delete":
        return [*value[:place], *value[place + 1 :]] if is_there else value
    if is_there:
        if act == "set":
            return [*value[:place], new, *value[place + 1 :]]
        cut = place if act == "before" else place + 1
        return [*value[:cut], new, *value[cut:]]
    if not create:
        return value
    return [new, *value] if index < 0 else [*value, new]


def _target(stored: str, what: str) -> Any:
    value = jsons.parse(stored)
    if not isinstance(value, (dict, list)):
        raise error("22023", f"cannot {what} scalar")
    return value


@FAMILY.function("jsonb_set(jsonb, text[], jsonb, boolean)", returns="jsonb")
def jsonb_set(target: str, path: str, new: str, create: int = 1) -> str:
    """Replace a value at a path, or add it."""
    value, steps = _target(target, "set path in"), _steps(path)
    if not steps or (not create and not value):
        return target
    return out(changed(value, steps, "set", jsons.parse(new), create=bool(create)), is_jsonb=True)


@FAMILY.function(
    "jsonb_set_lax(jsonb, text[], jsonb, boolean, text)", returns="jsonb", is_strict=False
)
def jsonb_set_lax(
    target: str | None,
    path: str | None,
    new: str | None,
    create: int | None = 1,
    treatment: str | None = "use_json_null",
) -> str | None:
    """Replace a value at a path; what NULL does is said by the last argument."""
    if target is None or path is None or create is None:
        return None
    if treatment is None:
        what = 'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"'
        raise error("22023", what)
    if new is not None:
        return jsonb_set(target, path, new, create)
    if treatment == "raise_exception":
        hint = "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed."
        detail = 'Exception was raised because null_value_treatment is "raise_exception".'
        raise error("22004", "JSON value must not be null", detail=detail, hint=hint)
    if treatment == "use_json_null":
        return jsonb_set(target, path, "null", create)
    if treatment == "delete_key":
        return delete_path(target, path)
    if treatment == "return_target":
        return target
    what = 'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"'
    raise error("22023", what)


@FAMILY.function("jsonb_insert(jsonb, text[], jsonb, boolean)", returns="jsonb")
def jsonb_insert(target: str, path: str, new: str, insert_after: int = 0) -> str:
    """Insert a value at a path, before what is there or after it."""
    value, steps = _target(target, "set path in"), _steps(path)
    if not steps:
        return target
    act = "after" if insert_after else "before"
    return out(changed(value, steps, act, jsons.parse(new)), is_jsonb=True)


@FAMILY.operator("jsonb #- text[]", returns="jsonb")
def delete_path(stored: str, path: str) -> str:
    """Delete what is at a path."""
    value, steps = _target(stored, "delete path in"), _steps(path)
    return out(changed(value, steps, "delete"), is_jsonb=True) if steps and value else stored


@FAMILY.function("jsonb_delete_path(jsonb, text[])", returns="jsonb")
def jsonb_delete_path(stored: str, path: str) -> str:
    """Delete what is at a path."""
    return delete_path(stored, path)


def assigned(stored: str | None, new: str, *steps: str | int) -> str:
    """Assign to a subscript of jsonb: what is missing on the way is made.

    Raises:
        PostgresError: a scalar in the way (22023), an index before the first element (22023).
    """
    return out(
        _assigned(
            None if stored is None else jsons.parse(stored), list(steps), jsons.parse(new), 1
        ),
        is_jsonb=True,
    )


def _assigned(value: Any, steps: list[str | int], new: Any, depth: int) -> Any:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if value is None:
        value = [] if isinstance(step, int) else {}
    if isinstance(value, dict):
        return {**value, str(step): _assigned(value.get(str(step)), rest, new, depth + 1)}
    if isinstance(value, list):
        index = step if isinstance(step, int) else _index(step, depth)
        place = index + len(value) if index < 0 else index
        if place < 0:
            message = f"path element at position {depth} is out of range: {index}"
            raise error("22023", message)
        value = [*value, *[None] * (place + 1 - len(value))]
        value[place] = _assigned(value[place], rest, new, depth + 1)
        return value
    detail = "The path assumes key is a composite object, but it is a scalar value."
    raise error("22023", "cannot replace existing key", detail=detail)
