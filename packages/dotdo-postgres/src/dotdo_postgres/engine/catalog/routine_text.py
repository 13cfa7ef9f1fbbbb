"""Functions and triggers as SQL text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import quote_ident, split_definition, split_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.facts import Facts

_MODES = {"i": "", "o": "OUT ", "b": "INOUT ", "v": "VARIADIC ", "t": ""}
_TIMES = {2: "BEFORE", 64: "INSTEAD OF", 0: "AFTER"}
_EVENTS = ((4, "INSERT"), (8, "DELETE"), (16, "UPDATE"), (32, "TRUNCATE"))


def argument_text(noun: Noun, *, with_defaults: bool) -> str:
    """Write the arguments of a function."""
    facts = facts_of(noun)
    kinds = facts.get("all_arguments") or facts["arguments"]
    modes = facts.get("modes") or ["i"] * len(kinds)
    names = facts.get("argument_names") or [""] * len(kinds)
    inputs = [at for at, mode in enumerate(modes) if mode in "ibv"]
    defaults = dict(
        zip(
            inputs[len(inputs) - len(facts.get("defaults", ())) :],
            facts.get("default_texts", ()),
            strict=False,
        )
    )
    parts = []
    for at, (kind, mode, name) in enumerate(zip(kinds, modes, names, strict=True)):
        if mode == "t" or (mode == "o" and not with_defaults):
            continue
        label = f"{quote_ident(name)} " if name else ""
        word = "IN " if mode == "i" and facts["kind"] == "p" else _MODES[mode]
        text = f"{word}{label}{t.format_type(kind)}"
        if with_defaults and at in defaults:
            text += f" DEFAULT {defaults[at]}"
        parts.append(text)
    return ", ".join(parts)


def result_text(noun: Noun) -> str | None:
    """Write the result type of a function, None for a procedure."""
    facts = facts_of(noun)
    if facts["kind"] == "p":
        return None
    modes = facts.get("modes") or []
    if "t" in modes:
        listed = zip(facts["all_arguments"], modes, facts["argument_names"], strict=True)
        columns = ", ".join(
            f"{quote_ident(name)} {t.format_type(kind)}"
            for kind, mode, name in listed
            if mode == "t"
        )
        return f"TABLE({columns})"
    return ("SETOF " if facts.get("returns_set") else "") + t.format_type(facts["result"])


def function_definition(noun: Noun) -> str:
    """Write CREATE FUNCTION."""
    facts = facts_of(noun)
    _, schema, name = split_definition(noun.name)
    name = name.partition("(")[0]
    word = "PROCEDURE" if facts["kind"] == "p" else "FUNCTION"
    lines = [
        f"CREATE OR REPLACE {word} {quote_ident(schema)}.{quote_ident(name)}({argument_text(noun, with_defaults=True)})"
    ]
    result = result_text(noun)
    if result is not None:
        lines.append(f" RETURNS {result}")
    lines.append(f" LANGUAGE {facts['language']}")
    words = [
        {"i": "IMMUTABLE", "s": "STABLE"}.get(facts.get("volatility", "v"), ""),
        {"s": "PARALLEL SAFE", "r": "PARALLEL RESTRICTED"}.get(facts.get("parallel", "u"), ""),
        "STRICT" if facts.get("strict") else "",
        "SECURITY DEFINER" if facts.get("security_definer") else "",
        "LEAKPROOF" if facts.get("leakproof") else "",
        *_estimates(facts),
    ]
    shown = " ".join(filter(None, words))
    if shown:
        lines.append(f" {shown}")
    lines += [f" SET {_setting(item)}" for item in facts.get("config") or ()]
    tag = "$procedure$" if facts["kind"] == "p" else "$function$"
    while tag in str(facts["body"]):
        tag = f"{tag[:-1]}x$"
    return "\n".join(lines) + f"\nAS {tag}{facts['body']}{tag}\n"


def _estimates(facts: dict[str, Any]) -> list[str]:
    """Write what a function is said to cost and to give, where that is not the default."""
    found = []
    if facts.get("cost") not in {None, 100}:
        found.append(f"COST {facts['cost']:g}")
    if facts.get("rows") not in {None, 1000} and facts.get("returns_set"):
        found.append(f"ROWS {facts['rows']:g}")
    return found


_LISTS = frozenset({"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"})  # fmt: skip


def _setting(item: str) -> str:
    """Write SET of a function: the parts of a list are literals of their own."""
    name, _, value = item.partition("=")
    parts = [value]
    if name in _LISTS:
        parts = [part.strip().strip('"') for part in value.split(",")]
    shown = ", ".join("'" + part.replace("'", "''") + "'" for part in parts)
    return f"{quote_ident(name)} TO {shown}"


def trigger_definition(facts: Facts, noun: Noun, name: str, *, is_pretty: bool = False) -> str:
    """Write CREATE TRIGGER."""
    trigger: dict[str, Any] = facts_of(noun)["triggers"][name]
    kind = trigger["type"]
    time = _TIMES[kind & 66]
    columns = {
        facts_at.extra.get("postgres", {}).get("number", at): facts_at.name
        for at, facts_at in enumerate(noun.columns, 1)
    }
    events = []
    for bit, word in _EVENTS:
        if kind & bit:
            listed = ", ".join(
                quote_ident(columns[number])
                for number in trigger.get("columns", ())
                if number in columns
            )
            events.append(f"{word} OF {listed}" if word == "UPDATE" and listed else word)
    is_view = noun.layout == "definition"
    schema, table = split_definition(noun.name)[1:] if is_view else split_name(noun.name)
    place = quote_ident(table) if is_pretty else f"{quote_ident(schema)}.{quote_ident(table)}"
    word = "CREATE CONSTRAINT TRIGGER" if trigger.get("constraint") else "CREATE TRIGGER"
    text = f"{word} {quote_ident(name)} {time} {' OR '.join(events)} ON {place}"
    if trigger.get("constraint"):
        text += " DEFERRABLE" if trigger.get("deferrable") else " NOT DEFERRABLE"
        text += " INITIALLY DEFERRED" if trigger.get("deferred") else " INITIALLY IMMEDIATE"
    for key, word in (("old_table", "OLD"), ("new_table", "NEW")):
        if trigger.get(key):
            text += (
                "" if "REFERENCING" in text else " REFERENCING"
            ) + f" {word} TABLE AS {quote_ident(trigger[key])}"
    text += f" FOR EACH {'ROW' if kind & 1 else 'STATEMENT'}"
    if trigger.get("when_text"):
        text += f" WHEN ({trigger['when_pretty' if is_pretty else 'when_text']})"
    function = facts.names.catalog.by_id.get(trigger["function"])
    called = (
        "suppress_redundant_updates_trigger"
        if function is None
        else split_definition(function.name)[2].partition("(")[0]
    )
    place = ""
    if function is not None and split_definition(function.name)[1] not in facts.names.path:
        place = f"{quote_ident(split_definition(function.name)[1])}."
    arguments = ", ".join(
        "'" + item.replace("'", "''") + "'" for item in trigger.get("arguments", ())
    )
    return f"{text} EXECUTE FUNCTION {place}{quote_ident(called)}({arguments})"
