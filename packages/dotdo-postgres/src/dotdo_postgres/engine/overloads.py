"""Overload resolution of functions and operators, PostgreSQL's way, over its whole catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.coercion import can_coerce, category, is_array
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.ranges import BY_SUBTYPE, MULTIRANGES, RANGES
from dotdo_postgres.spec.arguments import ARGUMENTS
from dotdo_postgres.spec.functions import FUNCTIONS
from dotdo_postgres.spec.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.udf.definition import Stored


@dataclass(slots=True, frozen=True)
class Candidate:
    """A function or operator that may be meant.

    Args:
        arguments: Types as called: variadic spread out, defaults cut off.
        declared: Types as declared, the identity.
        result: Type of the result as declared.
        kind: `f`unction, `a`ggregate, `w`indow or `o`perator.
        returns_set: It gives rows.
        is_variadic: Its last argument may repeat.
        columns: Names and types of the columns it returns, where they have names.
        order: Place of each argument given among those declared, where names were used.
        stored: The routine, when a user made it.
    """

    arguments: tuple[int, ...]
    declared: tuple[int, ...]
    result: int
    kind: str
    returns_set: bool = False
    is_variadic: bool = False
    columns: tuple[tuple[str, int], ...] = ()
    order: tuple[int, ...] = ()
    stored: Stored | None = None


def function_candidates(
    name: str, count: int, names: tuple[str, ...] = (), *, is_spread: bool = False
) -> list[Candidate]:
    """Return the functions of that name which take that many arguments.

    Args:
        name: Its name.
        count: How many arguments are given.
        names: Names of the last of them.
        is_spread: The last one is an array marked VARIADIC.
    """
    found = []
    for oid, declared, result, variadic, kind, returns_set, defaults, _ in FUNCTIONS.get(name, ()):
        into, columns = ARGUMENTS.get(oid, ((), ()))
        if names:
            order = named_order(into, len(declared), defaults, count, names)
            if order is not None:
                types = tuple(declared[at] for at in order)
                found.append(
                    Candidate(types, declared, result, kind, returns_set, False, columns, order)
                )
        elif is_spread:
            if variadic and count == len(declared):
                found.append(
                    Candidate(declared, declared, result, kind, returns_set, True, columns)
                )
        elif variadic and count >= len(declared):
            spread = declared[:-1] + (variadic,) * (count - len(declared) + 1)
            found.append(Candidate(spread, declared, result, kind, returns_set, True, columns))
        elif len(declared) - defaults <= count <= len(declared):
            found.append(
                Candidate(declared[:count], declared, result, kind, returns_set, False, columns)
            )
    exact = {candidate.arguments for candidate in found if not candidate.is_variadic}
    return [c for c in found if not (c.is_variadic and c.arguments in exact)]


def named_order(
    into: tuple[str, ...], declared: int, defaults: int, count: int, names: tuple[str, ...]
) -> tuple[int, ...] | None:
    """Return the places that arguments given by name have among those declared; None when they do not fit."""
    positional = count - len(names)
    if count > declared or any(name not in into[positional:] for name in names):
        return None
    order = (*range(positional), *(into.index(name) for name in names))
    missing = set(range(declared)) - set(order)
    return order if all(at >= declared - defaults for at in missing) else None


def operator_candidates(name: str, count: int) -> list[Candidate]:
    """Return the operators of that name with one or two operands."""
    found = []
    for left, right, result in OPERATORS.get(name, ()):
        if (left == 0) == (count == 1):
            types = (right,) if count == 1 else (left, right)
            found.append(Candidate(types, types, result, "o"))
    return found


def _resolve_function(
    name: str, types: tuple[int, ...], names: tuple[str, ...] = (), is_spread: bool = False
) -> Candidate | str:
    """Choose a function.

    Args:
        name: Its name.
        types: Types of the arguments, unknown allowed.
        names: Names of the last of them.
        is_spread: The last one is an array marked VARIADIC.

    Returns:
        The one meant, or `missing` or `ambiguous`.
    """
    return choose(function_candidates(name, len(types), names, is_spread=is_spread), types)


def _resolve_operator(
    name: str, types: tuple[int, ...], more: tuple[Candidate, ...] = ()
) -> Candidate | str:
    """Choose an operator, as `resolve_function` does; an unknown operand is first taken for the other's type."""
    candidates = [*operator_candidates(name, len(types)), *more]
    if len(types) == 2 and t.UNKNOWN in types and types[0] != types[1]:
        known = types[0] if types[1] == t.UNKNOWN else types[1]
        for candidate in candidates:
            if candidate.arguments == (known, known):
                return candidate
        if is_array(known):
            for candidate in candidates:
                if candidate.arguments == (t.ANYCOMPATIBLEARRAY, t.ANYCOMPATIBLEARRAY):
                    return candidate
    return choose(candidates, types)


_kept_function = lru_cache(maxsize=4096)(_resolve_function)
_kept_operator = lru_cache(maxsize=4096)(_resolve_operator)


def resolve_function(
    name: str, types: tuple[int, ...], names: tuple[str, ...] = (), is_spread: bool = False
) -> Candidate | str:
    """Choose a function; what is found for PostgreSQL's own types is kept, those of a tenant are only its own."""
    own = all(oid < t.FIRST_USER_OID for oid in types)
    return (_kept_function if own else _resolve_function)(name, types, names, is_spread)


def resolve_operator(
    name: str, types: tuple[int, ...], more: tuple[Candidate, ...] = ()
) -> Candidate | str:
    """Choose an operator, as `resolve_function` does, among those of extensions, too."""
    if more:
        return _resolve_operator(name, types, more)
    own = all(oid < t.FIRST_USER_OID for oid in types)
    return (_kept_operator if own else _resolve_operator)(name, types)


def choose(candidates: Sequence[Candidate], types: tuple[int, ...]) -> Candidate | str:
    """Choose among candidates; `missing` or `ambiguous` when no single one is meant."""
    for candidate in candidates:
        if candidate.arguments == types:
            return candidate
    viable = [
        c
        for c in candidates
        if all(map(can_coerce, types, c.arguments)) and _polymorphs_agree(c, types)
    ]
    if not viable:
        return "missing"
    if len(viable) > 1:
        chosen = _select(viable, types)
        return chosen or "ambiguous"
    return viable[0]


def _polymorphs_agree(candidate: Candidate, types: tuple[int, ...]) -> bool:
    if not any(argument in t.POLYMORPHIC for argument in candidate.arguments):
        return True
    return bind_polymorphic(candidate.arguments, types) is not None


def _best(candidates: list[Candidate], scores: list[int]) -> list[Candidate]:
    top = max(scores)
    return [candidate for candidate, score in zip(candidates, scores, strict=True) if score == top]


def _is_preferred_match(given: int, wanted: int) -> bool:
    if wanted in t.BY_OID and t.BY_OID[wanted].is_preferred:
        return category(given) == category(wanted)
    return False


def _select(candidates: list[Candidate], types: tuple[int, ...]) -> Candidate | None:
    known = [at for at, oid in enumerate(types) if oid != t.UNKNOWN]
    candidates = _best(
        candidates, [sum(c.arguments[at] == types[at] for at in known) for c in candidates]
    )
    if len(candidates) == 1:
        return candidates[0]
    scores = [
        sum(
            c.arguments[at] == types[at] or _is_preferred_match(types[at], c.arguments[at])
            for at in known
        )
        for c in candidates
    ]
    candidates = _best(candidates, scores)
    if len(candidates) == 1:
        return candidates[0]
    if len(known) == len(types):
        return None
    narrowed = _by_category(candidates, types)
    if narrowed:
        candidates = narrowed
    if len(candidates) == 1:
        return candidates[0]
    kinds = {types[at] for at in known}
    if len(kinds) == 1:
        guess = kinds.pop()
        matching = [
            c
            for c in candidates
            if all(can_coerce(guess, argument) for argument in c.arguments)
            and _polymorphs_agree(c, (guess,) * len(c.arguments))
        ]
        exact = [c for c in matching if all(argument == guess for argument in c.arguments)]
        if len(matching) == 1:
            return matching[0]
        if len(exact) == 1:
            return exact[0]
    return None


def _by_category(candidates: list[Candidate], types: tuple[int, ...]) -> list[Candidate]:
    slots: dict[int, tuple[str, bool]] = {}
    for at, oid in enumerate(types):
        if oid != t.UNKNOWN:
            continue
        categories = [category(c.arguments[at]) for c in candidates]
        if "S" in categories:
            chosen = "S"
        elif len(set(categories)) == 1:
            chosen = categories[0]
        else:
            return []
        preferred = any(
            category(c.arguments[at]) == chosen and t.BY_OID[c.arguments[at]].is_preferred
            for c in candidates
        )
        slots[at] = (chosen, preferred)
    return [
        c
        for c in candidates
        if all(
            category(c.arguments[at]) == chosen
            and (not preferred or t.BY_OID[c.arguments[at]].is_preferred)
            for at, (chosen, preferred) in slots.items()
        )
    ]


_OF_ELEMENT = frozenset({
    t.ANYELEMENT, t.ANYNONARRAY, t.ANYENUM, t.ANYARRAY, t.ANYRANGE, t.ANYMULTIRANGE,
})  # fmt: skip


def _element_of(want: int, given: int) -> int:
    """Return what ANYELEMENT is where an argument of a polymorphic type is of a given one."""
    if want == t.ANYARRAY:
        return t.BY_OID[given].element
    if want == t.ANYRANGE:
        return RANGES[given][0]
    return RANGES[MULTIRANGES[given]][0] if want == t.ANYMULTIRANGE else given


def bind_polymorphic(declared: Sequence[int], types: Sequence[int]) -> dict[int, int] | None:  # noqa: C901 one step for each form of the grammar
    """Find what the polymorphic types of a call stand for.

    Args:
        declared: Types of the candidate.
        types: Types given.

    Returns:
        `{ANYELEMENT: ..., ANYARRAY: ..., ANYCOMPATIBLE: ...}`, None when they disagree.
    """
    element: int | None = None
    compatible: int | None = None
    for want, given in zip(declared, types, strict=False):
        if given == t.UNKNOWN:
            continue
        if want in _OF_ELEMENT:
            base = _element_of(want, given)
            if element not in {None, base}:
                return None
            element = base
        elif want in {t.ANYCOMPATIBLE, t.ANYCOMPATIBLENONARRAY, t.ANYCOMPATIBLEARRAY}:
            base = t.BY_OID[given].element if want == t.ANYCOMPATIBLEARRAY else given
            if compatible is None or (
                compatible != base
                and can_coerce(compatible, base)
                and not can_coerce(base, compatible)
            ):
                compatible = base
            elif compatible != base and not can_coerce(base, compatible):
                return None
    bound: dict[int, int] = {}
    if element is None and any(w in {t.ANYELEMENT, t.ANYNONARRAY, t.ANYARRAY} for w in declared):
        element = t.TEXT
    if element in BY_SUBTYPE and any(w in {t.ANYRANGE, t.ANYMULTIRANGE} for w in declared):
        single = BY_SUBTYPE[element]
        bound |= {t.ANYRANGE: single, t.ANYMULTIRANGE: RANGES[single][1]}
    if compatible is None and any(
        w in {t.ANYCOMPATIBLE, t.ANYCOMPATIBLENONARRAY, t.ANYCOMPATIBLEARRAY} for w in declared
    ):
        compatible = t.TEXT
    if element is not None:
        bound |= {
            t.ANYELEMENT: element,
            t.ANYNONARRAY: element,
            t.ANYENUM: element,
            t.ANYARRAY: t.BY_OID[element].array,
        }
    if compatible is not None:
        bound |= {
            t.ANYCOMPATIBLE: compatible,
            t.ANYCOMPATIBLENONARRAY: compatible,
            t.ANYCOMPATIBLEARRAY: t.BY_OID[compatible].array,
        }
    return bound


def missing_function(
    name: str,
    types: Sequence[int],
    location: int,
    ambiguous: bool,
    names: tuple[str, ...] = (),
) -> Exception:
    """Make the error for a function that does not exist (42883) or is not unique (42725)."""
    labels = [""] * (len(types) - len(names)) + [f"{label} => " for label in names]
    listed = [label + t.format_type(oid) for label, oid in zip(labels, types, strict=True)]
    shown = f"{name}({', '.join(listed)})"
    if ambiguous:
        hint = (
            "Could not choose a best candidate function. You might need to add explicit type casts."
        )
        return error("42725", f"function {shown} is not unique", hint=hint, position=location)
    hint = "No function matches the given name and argument types. You might need to add explicit type casts."
    return error("42883", f"function {shown} does not exist", hint=hint, position=location)


def missing_operator(name: str, types: Sequence[int], location: int, ambiguous: bool) -> Exception:
    """Make the error for an operator that does not exist (42883) or is not unique (42725)."""
    shown = (
        f" {name} ".join(t.format_type(oid) for oid in types)
        if len(types) == 2
        else f"{name} {t.format_type(types[0])}"
    )
    if ambiguous:
        hint = (
            "Could not choose a best candidate operator. You might need to add explicit type casts."
        )
        return error("42725", f"operator is not unique: {shown}", hint=hint, position=location)
    plural = "argument types" if len(types) == 2 else "argument type"
    fix = "explicit type casts" if len(types) == 2 else "an explicit type cast"
    hint = f"No operator matches the given name and {plural}. You might need to add {fix}."
    return error("42883", f"operator does not exist: {shown}", hint=hint, position=location)


__all__ = [
    "Candidate", "bind_polymorphic", "function_candidates", "is_array", "missing_function", "missing_operator",
    "operator_candidates", "resolve_function", "resolve_operator",
]  # fmt: skip
