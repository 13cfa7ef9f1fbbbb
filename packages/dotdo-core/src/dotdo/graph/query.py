"""Filters, sort orders and pages of `find`, checked and compiled to SQL with bound values."""

from collections.abc import Callable, Mapping, Sequence

from dotdo.errors import InvalidName, InvalidQuery, InvalidValue
from dotdo.graph.nouns import check_path, field_expression, json_path
from dotdo.sql import stored_value
from dotdo.storage import Column, Noun
from dotdo.storage.names import literal, quoted
from dotdo.storage.types import storage_of
from dotdo.values import Canonical, encode, tagged

_MAX_DEPTH = 100
_COMPARISONS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}


class Filter:
    """One compiled filter.

    Args:
        noun: Whose things are filtered.
    """

    __slots__ = ("_noun", "params")

    def __init__(self, noun: Noun) -> None:
        self._noun = noun
        self.params: list[Canonical] = []

    def compile(self, query: object, depth: int = 0) -> str:
        """Return the SQL condition of a query document; its values are appended to `params`.

        Raises:
            InvalidQuery: An operator, a name or a value is not valid; `part` is the offending piece.
        """
        if not isinstance(query, Mapping):
            msg = f"a filter must be a mapping, not {type(query).__name__}"
            raise InvalidQuery(msg, query)
        if depth > _MAX_DEPTH:
            msg = f"a filter is nested deeper than {_MAX_DEPTH}"
            raise InvalidQuery(msg, query)
        return (
            " and ".join([self._member(name, value, depth) for name, value in query.items()])
            or "true"
        )

    def _member(self, name: object, value: object, depth: int) -> str:
        if not isinstance(name, str):
            msg = f"a field is named by text, not by {name!r}"
            raise InvalidQuery(msg, name)
        if name.startswith("$"):
            return self._combination(name, value, depth)
        _checked_path(name)
        if isinstance(value, Mapping) and any(
            isinstance(k, str) and k.startswith("$") for k in value
        ):
            return (
                "("
                + " and ".join(
                    [self._operator(name, op, operand, depth) for op, operand in value.items()]
                )
                + ")"
            )
        return self._equal(name, value)

    def _combination(self, name: str, value: object, depth: int) -> str:
        joint = {"$and": " and ", "$or": " or ", "$nor": " or "}.get(name)
        if joint is None:
            msg = f"unknown operator {name!r}"
            raise InvalidQuery(msg, name)
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or not value:
            msg = f"{name} needs a list of filters"
            raise InvalidQuery(msg, value)
        text = "(" + joint.join([f"({self.compile(part, depth + 1)})" for part in value]) + ")"
        return f"not coalesce({text}, false)" if name == "$nor" else text

    def _operator(self, field: str, operator: object, operand: object, depth: int) -> str:
        if operator == "$not":
            if not isinstance(operand, Mapping) or depth > _MAX_DEPTH:
                msg = "$not needs operators"
                raise InvalidQuery(msg, operand)
            inner = " and ".join(
                [self._operator(field, op, value, depth + 1) for op, value in operand.items()]
            )
            return f"not coalesce({inner or 'true'}, false)"
        compile_operator = _OPERATORS.get(operator) if isinstance(operator, str) else None
        if compile_operator is None:
            msg = f"unknown operator {operator!r}"
            raise InvalidQuery(msg, operator)
        return compile_operator(self, field, operand)

    # --- single comparisons --------------------------------------------------------------------

    def _column(self, field: str) -> Column | None:
        return self._noun.column(field)

    def _bind(self, value: object) -> str:
        self.params.append(value)
        return "?"

    def _equal(self, field: str, value: object) -> str:
        expression = field_expression(self._noun, field)
        if value is None:
            return f"{expression} is null"
        column = self._column(field)
        if column is not None:
            return f"{expression} = {self._bind(self._stored(column, value))}"
        return self._equal_member(field, expression, value)

    def _equal_member(self, field: str, expression: str, value: object) -> str:
        kind = f"json_type({_container(self._noun)}, {literal(json_path(field))})"
        if isinstance(value, bool):
            return f"{kind} = '{str(value).lower()}'"
        plain = tagged_value(value)
        if isinstance(plain, str):
            return f"({expression} = {self._bind(plain)} and {kind} = 'text')"
        if isinstance(plain, (int, float)):
            return f"({expression} = {self._bind(plain)} and {kind} in ('integer', 'real'))"
        whole = f"{_container(self._noun)} -> {literal(json_path(field))}"
        return f"{whole} = json({self._bind(encode(value))})"

    def _not_equal(self, field: str, value: object) -> str:
        return f"not coalesce({self._equal(field, value)}, false)"

    def _compare(self, field: str, value: object, sign: str) -> str:
        column = self._column(field)
        if value is None or isinstance(value, (bool, Mapping, list)):
            msg = f"{value!r} has no order that {field!r} can be compared in"
            raise InvalidQuery(msg, value)
        expression = field_expression(self._noun, field)
        if column is not None and storage_of(column.type) != "ANY":
            return f"{expression} {sign} {self._bind(self._stored(column, value))}"
        if column is not None:
            return f"({expression} {sign} {self._bind(value)} and typeof({expression}) in {_typeof(value)})"
        plain = tagged_value(value)
        if isinstance(plain, dict):
            ((tag, inner),) = plain.items()
            expression = f"{_container(self._noun)} ->> {literal(json_path(field) + f'.{chr(34)}{tag}{chr(34)}')}"
            plain = inner
        return f"({expression} {sign} {self._bind(plain)} and typeof({expression}) in {_typeof(plain)})"

    def _in(self, field: str, values: object) -> str:
        if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
            msg = f"$in on {field!r} needs a list"
            raise InvalidQuery(msg, values)
        return (
            "(" + " or ".join([self._equal(field, value) for value in values]) + ")"
            if values
            else "false"
        )

    def _not_in(self, field: str, values: object) -> str:
        return f"not coalesce({self._in(field, values)}, false)"

    def _exists(self, field: str, wanted: object) -> str:
        if not isinstance(wanted, bool):
            msg = f"$exists on {field!r} needs true or false"
            raise InvalidQuery(msg, wanted)
        if self._column(field) is not None:
            expression = field_expression(self._noun, field)
        else:
            expression = f"json_type({_container(self._noun)}, {literal(json_path(field))})"
        return f"{expression} is {'not ' if wanted else ''}null"

    def _starts_with(self, field: str, prefix: object) -> str:
        if not isinstance(prefix, str):
            msg = f"$startswith on {field!r} needs text"
            raise InvalidQuery(msg, prefix)
        expression = field_expression(self._noun, field)
        escaped = "".join(f"[{c}]" if c in "*?[" else c for c in prefix)
        return f"({expression} glob {self._bind(escaped + '*')} and typeof({expression}) = 'text')"

    def _contains(self, field: str, part: object) -> str:
        if not isinstance(part, str):
            msg = f"$contains on {field!r} needs text"
            raise InvalidQuery(msg, part)
        expression = field_expression(self._noun, field)
        return f"(instr({expression}, {self._bind(part)}) > 0 and typeof({expression}) = 'text')"

    def _stored(self, column: Column, value: object) -> object:
        try:
            return stored_value(column, value)
        except InvalidValue as error:
            raise InvalidQuery(str(error), value) from None


Operator = Callable[[Filter, str, Canonical], str]


def _comparison(sign: str) -> Operator:
    return lambda query, field, value: query._compare(field, value, sign)  # noqa: SLF001


_OPERATORS: dict[str, Operator] = {
    "$eq": Filter._equal,  # noqa: SLF001  (the table of this class's own operators)
    "$ne": Filter._not_equal,  # noqa: SLF001
    "$in": Filter._in,  # noqa: SLF001
    "$nin": Filter._not_in,  # noqa: SLF001
    "$exists": Filter._exists,  # noqa: SLF001
    "$startswith": Filter._starts_with,  # noqa: SLF001
    "$contains": Filter._contains,  # noqa: SLF001
    **{name: _comparison(sign) for name, sign in _COMPARISONS.items()},
}


def tagged_value(value: object) -> object:
    """Return a value as it lies in a document.

    Raises:
        InvalidQuery: It is no canonical value.
    """
    try:
        return tagged(value)
    except InvalidValue as error:
        raise InvalidQuery(str(error), value) from None


def order_by(noun: Noun, sort: Sequence[object]) -> str:
    """Return the ORDER BY terms; equal rows come in order of their row ids, so pages do not overlap.

    Raises:
        InvalidQuery: A name or a direction is not valid.
    """
    if isinstance(sort, (str, bytes)):
        msg = "sort needs pairs of a field and 1 or -1"
        raise InvalidQuery(msg, sort)
    return ", ".join([*[_sort_term(noun, part) for part in sort], quoted(noun.rowid)])


def _sort_term(noun: Noun, part: object) -> str:
    match part:
        case (str() as field, 1 | -1 as direction) if not isinstance(direction, bool):
            return field_expression(noun, _checked_path(field)) + (" desc" if direction < 0 else "")
    msg = f"sort needs pairs of a field and 1 or -1, not {part!r}"
    raise InvalidQuery(msg, part)


def _checked_path(name: str) -> str:
    try:
        return check_path(name)
    except InvalidName as error:
        raise InvalidQuery(str(error), name) from None


def page(limit: int | None, offset: int | None) -> tuple[int, int]:
    """Return limit (-1: none) and offset.

    Raises:
        InvalidQuery: One is not a whole number from 0.
    """
    return _whole("limit", limit, -1), _whole("offset", offset, 0)


def _whole(name: str, value: object, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        msg = f"{name} must be a whole number from 0, not {value!r}"
        raise InvalidQuery(msg, value)
    return value


def _container(noun: Noun) -> str:
    return "data" if noun.layout == "document" else "_extra"


def _typeof(value: object) -> str:
    return "('text')" if isinstance(value, str) else "('integer', 'real')"
