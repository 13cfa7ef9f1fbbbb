"""Filters, sort orders and pages of `find`, checked and compiled to SQL with bound values."""

import math
from collections.abc import Callable, Mapping, Sequence

import orjson

from dotdo.errors import InvalidName, InvalidQuery, InvalidValue
from dotdo.graph.nouns import check_path, field_expression, member_of
from dotdo.sql import ORDER, compared_value, numeric
from dotdo.storage import Column, Noun
from dotdo.storage.names import literal, quoted
from dotdo.storage.types import JSON_TYPES, storage_of
from dotdo.values import Canonical, encode, shown, tagged

_MAX_DEPTH = 80
_MAX_CONDITIONS = (
    5_000  # SQLite's time grows with their square; and trees are of a height below its 1,000
)
_MAX_SORT = 100
_MANY = 250
_FEW = 16  # so many values of a list are bound one by one, for whose number the statement is known already
_COMPARISONS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}


class Filter:
    """One compiled filter.

    Args:
        noun: Whose things are filtered.
    """

    __slots__ = ("_conditions", "_noun", "needs_order", "params")

    def __init__(self, noun: Noun) -> None:
        self._noun = noun
        self._conditions = 0
        self.needs_order = False  # the SQL function `ORDER` is called
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
        self._count(len(query))
        return _joined(
            [self._condition(name, value, depth) for name, value in query.items()], "and"
        )

    def _count(self, n: int) -> None:
        self._conditions += n
        if self._conditions > _MAX_CONDITIONS:
            msg = (
                f"a filter has more than {_MAX_CONDITIONS} conditions; of a list of values give $in"
            )
            raise InvalidQuery(msg)

    def _condition(self, name: object, value: object, depth: int) -> str:
        if not isinstance(name, str):
            msg = f"a field is named by text, not by {shown(name)}"
            raise InvalidQuery(msg, name)
        if name.startswith("$"):
            return self._combination(name, value, depth)
        _checked_path(name)
        if isinstance(value, Mapping) and any(
            isinstance(k, str) and k.startswith("$") for k in value
        ):
            return self._operators(name, value, depth)
        return self._equal(name, value)

    def _operators(self, field: str, operators: Mapping[object, object], depth: int) -> str:
        self._count(len(operators))
        found = [self._operator(field, op, operand, depth) for op, operand in operators.items()]
        return f"({_joined(found, 'and')})"

    def _combination(self, name: str, value: object, depth: int) -> str:
        joint = {"$and": "and", "$or": "or", "$nor": "or"}.get(name)
        if joint is None:
            msg = f"unknown operator {name!r}"
            raise InvalidQuery(msg, name)
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or not value:
            msg = f"{name} needs a list of filters"
            raise InvalidQuery(msg, value)
        alternatives, others = _by_field(value) if joint == "or" else ({}, value)
        self._count(len(others) + len(alternatives))
        found = [self._in(_checked_path(field), values) for field, values in alternatives.items()]
        found += [f"({self.compile(part, depth + 1)})" for part in others]
        text = f"({_joined(found, joint)})"
        return f"not coalesce({text}, false)" if name == "$nor" else text

    def _operator(self, field: str, operator: object, operand: object, depth: int) -> str:
        if operator == "$not":
            if not isinstance(operand, Mapping) or depth > _MAX_DEPTH:
                msg = "$not needs operators"
                raise InvalidQuery(msg, operand)
            return f"not coalesce({self._operators(field, operand, depth + 1)}, false)"
        compile_operator = _OPERATORS.get(operator) if isinstance(operator, str) else None
        if compile_operator is None:
            msg = f"unknown operator {shown(operator)}"
            raise InvalidQuery(msg, operator)
        return compile_operator(self, field, operand)

    # --- single comparisons --------------------------------------------------------------------

    def _column(self, field: str) -> Column | None:
        return self._noun.column(field)

    def _member(self, field: str) -> tuple[str, str]:
        """Return where a member is, and the literal of its path there."""
        container, path = member_of(self._noun, field)
        return container, literal(path)

    def _bind(self, value: object) -> str:
        self.params.append(value)
        return "?"

    def _equal(self, field: str, value: object) -> str:
        expression = field_expression(self._noun, field)
        if value is None:
            return f"{expression} is null"
        column = self._column(field)
        if column is not None and column.type in JSON_TYPES:
            return f"json({expression}) = json({self._bind(self._stored(column, value))})"
        if column is not None:
            return f"{expression} = {self._bind(self._stored(column, value))}"
        return self._equal_member(field, expression, value)

    def _equal_member(self, field: str, expression: str, value: object) -> str:
        container, path = self._member(field)
        kind = f"json_type({container}, {path})"
        if isinstance(value, bool):
            return f"{kind} = '{str(value).lower()}'"
        plain = tagged_value(value)
        if isinstance(plain, str):
            return f"({expression} = {self._bind(plain)} and {kind} = 'text')"
        if isinstance(plain, (int, float)):
            return f"({expression} = {self._bind(plain)} and {kind} in ('integer', 'real'))"
        return f"{container} -> {path} = json({self._bind(encode(value))})"

    def _not_equal(self, field: str, value: object) -> str:
        return f"not coalesce({self._equal(field, value)}, false)"

    def _compare(self, field: str, value: object, sign: str) -> str:
        column = self._column(field)
        is_json = column is not None and column.type in JSON_TYPES
        if is_json or value is None or isinstance(value, (bool, Mapping, list)):
            msg = f"{shown(value)} has no order that {field!r} can be compared in"
            raise InvalidQuery(msg, value)
        expression = field_expression(self._noun, field)
        if column is not None and storage_of(column.type) != "ANY":
            return f"{expression} {sign} {self._bind(self._stored(column, value))}"
        if column is not None:
            if not isinstance(value, (str, int, float)):
                msg = f"{shown(value)} has no order that {field!r} can be compared in"
                raise InvalidQuery(msg, value)
            return f"({expression} {sign} {self._bind(self._stored(column, value))} and typeof({expression}) in {_typeof(value)})"
        plain = tagged_value(value)
        if isinstance(plain, dict):
            ((tag, inner),) = plain.items()
            if tag in _NUMBERS:
                return self._compare_number(field, value, sign)
            container, path = member_of(self._noun, field)
            expression = f"{container} ->> {literal(f'{path}.{chr(34)}{tag}{chr(34)}')}"
            plain = inner
        return f"({expression} {sign} {self._bind(plain)} and typeof({expression}) in {_typeof(plain)})"

    def _compare_number(self, field: str, value: Canonical, sign: str) -> str:
        """Compare with a number that JSON has no form for: in the order of all numbers."""
        self.needs_order = True
        container, path = self._member(field)
        return f"{ORDER}({container} -> {path}) {sign} {self._bind(numeric.encode(value))}"

    def _in(self, field: str, values: object) -> str:
        if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
            msg = f"$in on {field!r} needs a list"
            raise InvalidQuery(msg, values)
        column = self._column(field)
        given = [value for value in values if value is not None]
        found = (
            [f"{field_expression(self._noun, field)} is null"] if len(given) < len(values) else []
        )
        if column is None:
            found += self._members_in(field, given)
        else:
            found += self._stored_in(field, column, given)
        return f"({' or '.join(found)})" if found else "false"

    def _stored_in(self, field: str, column: Column, values: list[Canonical]) -> list[str]:
        """Return the conditions that a column has one of the values."""
        stored = [self._stored(column, value) for value in values]
        expression = field_expression(self._noun, field)
        if column.type in JSON_TYPES:
            return self._among(f"json({expression})", stored, "json(value)", "json(?)")
        if storage_of(column.type) == "BLOB":
            encoded = [bytes(value).hex() for value in stored]
            return self._among(expression, encoded, "unhex(value)", "unhex(?)")
        plain = [v for v in stored if not isinstance(v, float) or math.isfinite(v)]
        ends = [f"{expression} = {self._bind(v)}" for v in dict.fromkeys(stored) if v in _INFINITE]
        return self._among(expression, plain) + ends

    def _members_in(self, field: str, values: list[Canonical]) -> list[str]:
        """Return the conditions that a member of a document is one of the values, kind by kind."""
        expression = field_expression(self._noun, field)
        container, path = self._member(field)
        kind = f"json_type({container}, {path})"
        flags = sorted({str(value).lower() for value in values if isinstance(value, bool)})
        tagged = [tagged_value(value) for value in values if not isinstance(value, bool)]
        texts = [value for value in tagged if isinstance(value, str)]
        numbers = [value for value in tagged if isinstance(value, (int, float))]
        wholes = [encode(v) for v in values if isinstance(tagged_value(v), (dict, list))]
        found = [f"{kind} = '{flag}'" for flag in flags]
        found += [f"({c} and {kind} = 'text')" for c in self._among(expression, texts)]
        found += [
            f"({c} and {kind} in ('integer', 'real'))" for c in self._among(expression, numbers)
        ]
        return found + self._among(f"{container} -> {path}", wholes, "json(value)", "json(?)")

    def _among(
        self, expression: str, values: list[Canonical], read: str = "value", bound: str = "?"
    ) -> list[str]:
        """Return the condition that an expression is one of the values; none when there are none."""
        if not values:
            return []
        if len(values) <= _FEW:
            self.params += values
            return [f"{expression} in ({', '.join([bound] * len(values))})"]
        self.params.append(_array(values))
        return [f"{expression} in (select {read} from json_each(?))"]

    def _not_in(self, field: str, values: object) -> str:
        return f"not coalesce({self._in(field, values)}, false)"

    def _exists(self, field: str, wanted: object) -> str:
        if not isinstance(wanted, bool):
            msg = f"$exists on {field!r} needs true or false"
            raise InvalidQuery(msg, wanted)
        if self._column(field) is not None:
            expression = field_expression(self._noun, field)
        else:
            container, path = self._member(field)
            expression = f"json_type({container}, {path})"
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

    def _stored(self, column: Column, value: object) -> Canonical:
        try:
            return compared_value(column, value)
        except InvalidValue as error:
            raise InvalidQuery(str(error), value) from None


def _by_field(
    filters: Sequence[Canonical],
) -> tuple[dict[str, list[Canonical]], list[Canonical]]:
    """Take out of alternatives those that want one value of one field, where they are many: a list that the field is looked up in."""
    values: dict[str, list[Canonical]] = {}
    if len(filters) > _FEW:
        for part in filters:
            if _is_one_value(part):
                ((field, value),) = part.items()
                values.setdefault(field, []).append(value)
    found = {field: listed for field, listed in values.items() if len(listed) > _FEW}
    return found, [p for p in filters if not (_is_one_value(p) and next(iter(p)) in found)]


def _is_one_value(part: object) -> bool:
    if not isinstance(part, Mapping) or len(part) != 1:
        return False
    ((field, value),) = part.items()
    has_operators = isinstance(value, Mapping) and any(str(k).startswith("$") for k in value)
    return isinstance(field, str) and not field.startswith("$") and not has_operators


def _joined(conditions: list[str], joint: str) -> str:
    """Join conditions by `and` or `or`, many of them as a tree of little height.

    Very many are kept from SQLite's planner, which looks at every pair of them.
    """
    if len(conditions) > _MANY:
        return f"coalesce({_tree(conditions, joint)}, false)"
    return _tree(conditions, joint)


def _tree(conditions: list[str], joint: str) -> str:
    while len(conditions) > 3:
        pairs = zip(conditions[::2], conditions[1::2], strict=False)
        odd = conditions[-1:] if len(conditions) % 2 else []
        conditions = [f"({left} {joint} {right})" for left, right in pairs] + odd
    return f" {joint} ".join(conditions) or "true"


def _array(values: list[Canonical]) -> str:
    try:
        return orjson.dumps(values).decode()
    except TypeError as error:
        msg = f"a value cannot be compared with: {error}"
        raise InvalidQuery(msg) from None


_NUMBERS = frozenset({"$n", "$i"})
_INFINITE = frozenset({math.inf, -math.inf})

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


def order_by(noun: Noun, sort: object) -> str:
    """Return the ORDER BY terms; equal rows come in order of their row ids, so pages do not overlap.

    Raises:
        InvalidQuery: A name or a direction is not valid.
    """
    if isinstance(sort, (str, bytes)) or not isinstance(sort, Sequence) or len(sort) > _MAX_SORT:
        msg = f"sort needs a list of pairs of a field and 1 or -1, {_MAX_SORT} at most"
        raise InvalidQuery(msg, sort)
    return ", ".join([*[_sort_term(noun, part) for part in sort], quoted(noun.rowid)])


def _sort_term(noun: Noun, part: object) -> str:
    match part:
        case (str() as field, 1 | -1 as direction) if not isinstance(direction, bool):
            return field_expression(noun, _checked_path(field)) + (" desc" if direction < 0 else "")
    msg = f"sort needs pairs of a field and 1 or -1, not {shown(part)}"
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
        msg = f"{name} must be a whole number from 0, not {shown(value)}"
        raise InvalidQuery(msg, value)
    return value


def _typeof(value: object) -> str:
    return "('text')" if isinstance(value, str) else "('integer', 'real')"
