"""Routines that users made among the candidates of a call: found by the search path, chosen by PostgreSQL's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.overloads import Candidate, choose, function_candidates, named_order
from dotdo_postgres.engine.udf.definition import Stored, stored_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session


def resolve_routine(
    names: Names,
    schema: str | None,
    name: str,
    types: tuple[int, ...],
    labels: tuple[str, ...] = (),
    *,
    is_spread: bool = False,
    is_call: bool = False,
) -> Candidate | str:
    """Choose a routine among PostgreSQL's own and those that users made.

    Args:
        names: How names resolve.
        schema: Schema that was named, None without.
        name: Its name.
        types: Types of the arguments, unknown allowed.
        labels: Names of the last of them.
        is_spread: The last one is an array marked VARIADIC.
        is_call: A procedure is looked for; arguments that come out count.

    Returns:
        The one meant, or `missing` or `ambiguous`.
    """
    places = names.path if schema is None else (schema,)
    if "pg_catalog" not in places and schema is None:
        places = ("pg_catalog", *places)
    found: dict[tuple[int, ...], Candidate] = {}
    unclear: set[tuple[int, ...]] = set()
    for place in places:
        if place == "pg_catalog":
            listed = function_candidates(name, len(types), labels, is_spread=is_spread)
        else:
            listed = list(
                user_candidates(
                    names, place, name, len(types), labels, is_spread=is_spread, is_call=is_call
                )
            )
        for candidate in listed:
            known = found.get(candidate.arguments)
            if known is None or _goes_before(candidate, known):
                found[candidate.arguments] = candidate
                unclear.discard(candidate.arguments)
            elif not _goes_before(known, candidate) and known in listed:
                unclear.add(candidate.arguments)
    chosen = choose(list(found.values()), types)
    is_unclear = isinstance(chosen, Candidate) and chosen.arguments in unclear
    return "ambiguous" if is_unclear else chosen


def _goes_before(one: Candidate, other: Candidate) -> bool:
    """Tell whether a candidate is better than another of the same arguments: no default, not spread out."""
    ranks = [
        (c.is_variadic, len(c.declared) > len(c.arguments) and not c.is_variadic)
        for c in (one, other)
    ]
    return ranks[0] < ranks[1]


def user_candidates(
    names: Names,
    schema: str,
    name: str,
    count: int,
    labels: tuple[str, ...] = (),
    *,
    is_spread: bool = False,
    is_call: bool = False,
) -> Iterator[Candidate]:
    """Yield the routines of a schema which take that many arguments."""
    for noun in names.objects.functions.get((schema, name), ()):
        stored = stored_of(noun)
        if is_call and stored.kind == "p":
            yield from _fitting(
                stored, stored.all_arguments, stored.all_names, count, labels, is_spread=is_spread
            )
        else:
            yield from _fitting(
                stored, stored.arguments, stored.names, count, labels, is_spread=is_spread
            )


def _fitting(
    stored: Stored,
    declared: tuple[int, ...],
    into: tuple[str, ...],
    count: int,
    labels: tuple[str, ...],
    *,
    is_spread: bool,
) -> Iterator[Candidate]:
    defaults = len(stored.defaults)

    def made(
        types: tuple[int, ...], *, is_variadic: bool = False, order: tuple[int, ...] = ()
    ) -> Candidate:
        return Candidate(
            types,
            declared,
            stored.result,
            stored.kind,
            stored.returns_set,
            is_variadic,
            (),
            order,
            stored,
        )

    if labels:
        order = named_order(into, len(declared), defaults, count, labels)
        if order is not None:
            yield made(tuple(declared[at] for at in order), order=order)
    elif is_spread:
        if stored.variadic and count == len(declared):
            yield made(declared, is_variadic=True)
    else:
        if stored.variadic and count >= len(declared):
            yield made(
                declared[:-1] + (stored.variadic,) * (count - len(declared) + 1), is_variadic=True
            )
        if len(declared) - defaults <= count <= len(declared) and not (
            stored.variadic and count == len(declared)
        ):
            if stored.variadic and not defaults:
                return
            yield made(declared[:count])


def type_of_any(stored: Stored) -> bool:
    """Tell whether a routine takes arguments of any type."""
    return t.ANY in stored.arguments


def out_arguments(
    session: Session, call: dict[str, Any], plan: Any
) -> list[tuple[str, dict[str, Any] | None]]:
    """Return names and parse nodes of the arguments of a CALL that come out."""
    from dotdo_postgres.engine.bind.arguments import split_named

    del session
    embedded = next(iter(plan.values()))
    stored, order = embedded.prepared.detail.stored, embedded.prepared.detail.order
    nodes, _ = split_named(call.get("args", []))
    given = dict(zip(order or range(len(nodes)), nodes, strict=False))
    return [
        (stored.all_names[at], given.get(at))
        for at, mode in enumerate(stored.modes)
        if mode in "ob"
    ]
