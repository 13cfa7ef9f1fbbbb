"""The options of CREATE and ALTER FUNCTION: language, volatility, strictness, security, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_VOLATILITY = {"immutable": "i", "stable": "s", "volatile": "v"}
_PARALLEL = {"safe": "s", "restricted": "r", "unsafe": "u"}


@dataclass(slots=True)
class Options:
    """Options as read: the language, and what is kept of the others."""

    language: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def read_options(
    session: Session, nodes: list[Node], *, is_procedure: bool = False, is_altering: bool = False
) -> Options:
    """Read the options of a definition.

    Raises:
        PostgresError: given twice (42601), not for procedures (42P13), unknown (42704), none of a language (42P13).
    """
    found = Options()
    seen: set[str] = set()
    for item in nodes:
        element = item["DefElem"]
        name, arg = element["defname"], element.get("arg", {})
        if name in seen and name != "set":
            raise error(
                "42601", "conflicting or redundant options", position=element.get("location")
            )
        seen.add(name)
        if is_procedure and name in _NOT_FOR_PROCEDURES:
            raise error(
                "42P13",
                "invalid attribute in procedure definition",
                position=element.get("location"),
            )
        _READERS[name](session, found, arg)
    if not is_altering:
        _settle_language(found, has_body="as" in seen)
    return found


_NOT_FOR_PROCEDURES = frozenset(
    {"volatility", "strict", "cost", "rows", "leakproof", "parallel", "window", "support"}
)


def _settle_language(found: Options, *, has_body: bool) -> None:
    if not found.language:
        if has_body:
            raise error("42P13", "no language specified")
        found.language = "sql"
    if found.language in {"c", "internal"}:
        raise not_supported(f"LANGUAGE {found.language}")
    if found.language not in {"sql", "plpgsql"}:
        hint = "Use CREATE EXTENSION to load the language into the database."
        known = found.language in {
            "plperl",
            "plperlu",
            "plpython3u",
            "plpythonu",
            "plpython2u",
            "pltcl",
            "pltclu",
        }
        raise error(
            "42704", f'language "{found.language}" does not exist', hint=hint if known else None
        )
    found.facts["language"] = found.language


def _text(arg: Node) -> str:
    ((_, body),) = arg.items()
    return str(body.get("sval", ""))


def _language(_: Session, found: Options, arg: Node) -> None:
    found.language = _text(arg).lower()


def _as(_: Session, found: Options, arg: Node) -> None:
    items = arg["List"]["items"]
    if len(items) > 1:
        raise error("42P13", 'only one AS item needed for language "sql"')
    found.facts["body"] = items[0]["String"].get("sval", "")


def _volatility(_: Session, found: Options, arg: Node) -> None:
    found.facts["volatility"] = _VOLATILITY[_text(arg)]


def _flag(name: str) -> Any:
    def read(_: Session, found: Options, arg: Node) -> None:
        found.facts[name] = bool(arg.get("Boolean", {}).get("boolval", False))

    return read


def _number(name: str) -> Any:
    def read(_: Session, found: Options, arg: Node) -> None:
        ((kind, body),) = arg.items()
        value = float(body.get("fval", 0)) if kind == "Float" else float(body.get("ival", 0))
        if value <= 0:
            raise error("22023", f"{name.upper()} must be positive")
        found.facts[name] = value

    return read


def _parallel(_: Session, found: Options, arg: Node) -> None:
    word = _text(arg)
    if word not in _PARALLEL:
        raise error("42601", 'parameter "parallel" must be SAFE, RESTRICTED, or UNSAFE')
    found.facts["parallel"] = _PARALLEL[word]


def _set(session: Session, found: Options, arg: Node) -> None:
    from dotdo_postgres.engine.variables import argument_text, check_setting

    body = arg["VariableSetStmt"]
    kept = dict(item.split("=", 1) for item in found.facts.get("config") or ())
    if body["kind"] == "VAR_RESET_ALL":
        kept.clear()
    elif body["kind"] in {"VAR_RESET", "VAR_SET_DEFAULT"}:
        kept.pop(body["name"], None)
    else:
        value = (
            session.settings.values[body["name"]]
            if body["kind"] == "VAR_SET_CURRENT"
            else argument_text(body)
        )
        check_setting(session, body["name"], value)
        kept[body["name"]] = value
    found.facts["config"] = [f"{name}={value}" for name, value in kept.items()] or None


def _unsupported(what: str) -> Any:
    def read(_: Session, found: Options, arg: Node) -> None:  # noqa: ARG001 -- called as its kin
        raise not_supported(what)

    return read


_READERS: dict[str, Any] = {
    "language": _language, "as": _as, "volatility": _volatility, "strict": _flag("strict"), "security": _flag("security_definer"),
    "leakproof": _flag("leakproof"), "cost": _number("cost"), "rows": _number("rows"), "parallel": _parallel, "set": _set,
    "window": _unsupported("a window function of one's own"), "support": _unsupported("SUPPORT"),
    "transform": _unsupported("TRANSFORM"),
}  # fmt: skip
