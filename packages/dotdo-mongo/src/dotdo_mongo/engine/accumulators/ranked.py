"""The accumulators that keep several: $firstN and its like, $top and its like, $percentile and $median."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.accumulators.declare import Accumulation, Family
from dotdo_mongo.engine.aggregates import numbers_in, percentiles
from dotdo_mongo.engine.expressions.accumulate import percentile_parts
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.ordering import document_key
from dotdo_mongo.engine.sortspec import parse_sort
from dotdo_mongo.engine.values import MISSING, NULLISH, NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.expressions import Expr, Scope

FAMILY = Family("ranked")


def _number(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(7548606, f"Value for 'n' must be of integral type, but found {value}")
    number = whole64(value)
    if number is None:
        raise failure(7548606, f"Value for 'n' must be of integral type, but found {value}")
    if number <= 0:
        raise failure(7548606, f"'n' must be greater than 0, found {value}")
    return number


class Kept:
    """Values kept until the end, then chosen from."""

    __slots__ = ("choose", "found")

    def __init__(self, choose: Callable[[list[Any]], Any]) -> None:
        self.choose = choose
        self.found: list[Any] = []

    def add(self, value: Any) -> None:
        """Take a value."""
        self.found.append(value)

    def value(self) -> Any:
        """Return those chosen."""
        return self.choose(self.found)


def _null(values: list[Any]) -> list[Any]:
    return [None if value is MISSING else value for value in values]


def _present(values: list[Any]) -> list[Any]:
    return [value for value in values if type(value) not in NULLISH]


_CHOICES: dict[str, Callable[[Any, list[Any], int], list[Any]]] = {
    "$firstN": lambda _, values, count: _null(values[:count]),
    "$lastN": lambda _, values, count: _null(values[-count:]),
    "$minN": lambda key, values, count: sorted(_present(values), key=key)[:count],
    "$maxN": lambda key, values, count: sorted(_present(values), key=key, reverse=True)[:count],
}


def _parts(
    name: str, argument: Any, known: tuple[str, ...], codes: Mapping[str, int], unknown: int
) -> dict[str, Any]:
    if not isinstance(argument, Mapping):
        raise failure(codes[""], f"specification must be an object; found {name}: {argument}")
    for part in argument:
        if part not in known:
            raise failure(unknown, f"Unknown argument for '{name}' operator: {part}")
    for part in known:
        if part not in argument:
            raise failure(codes[part], f"Missing value for '{part}'")
    return dict(argument)


def _declare_n(name: str) -> None:
    def parse(argument: Any, scope: Scope) -> Accumulation:
        parts = _parts(
            name,
            argument,
            ("n", "input"),
            {"": 5787900, "n": 5787906, "input": 5787907},
            5787901,
        )
        count, source = scope.compile(parts["n"]), scope.compile(parts["input"])
        if count.is_constant:
            _number(count.constant)
        choose = _CHOICES[name]

        def start(key: Any) -> Kept:
            most = _number(count.evaluate(key if isinstance(key, dict) else {}, {}))
            return Kept(lambda values: choose(scope.key, values, most))

        return Accumulation(source.evaluate, start)

    FAMILY.accumulator(name)(parse)


for _name in _CHOICES:
    _declare_n(_name)


def _declare_top(name: str, *, is_bottom: bool, has_count: bool) -> None:
    known = ("n", "sortBy", "output") if has_count else ("sortBy", "output")

    def parse(argument: Any, scope: Scope) -> Accumulation:
        codes = {"": 5788001, "n": 5788003, "sortBy": 5788005, "output": 5788004}
        parts = _parts(name, argument, known, codes, 5788002)
        if not isinstance(parts["sortBy"], Mapping):
            raise failure(
                5788604,
                f"expected 'sortBy' to already be a document, got {type_name(parts['sortBy'])}",
            )
        spec, _ = parse_sort(parts["sortBy"], scope.context)
        order = document_key(spec, scope.key)
        output = scope.compile(parts["output"])
        count: Expr | None = scope.compile(parts["n"]) if has_count else None
        if count is not None and count.is_constant:
            _number(count.constant)

        def read(document: Any, variables: Any) -> Any:
            value = output.evaluate(document, variables)
            return order(document), None if value is MISSING else value

        def start(key: Any) -> Kept:
            most = 1
            if count is not None:
                most = _number(count.evaluate(key if isinstance(key, dict) else {}, {}))
            return Kept(lambda pairs: _chosen(pairs, most, is_bottom, has_count))

        return Accumulation(read, start)

    FAMILY.accumulator(name)(parse)


def _chosen(pairs: list[Any], most: int, is_bottom: bool, is_list: bool) -> Any:
    ordered = [value for _, value in sorted(pairs, key=lambda pair: pair[0])]
    found = ordered[-most:] if is_bottom else ordered[:most]
    return found if is_list else (found[0] if found else None)


_declare_top("$top", is_bottom=False, has_count=False)
_declare_top("$bottom", is_bottom=True, has_count=False)
_declare_top("$topN", is_bottom=False, has_count=True)
_declare_top("$bottomN", is_bottom=True, has_count=True)


def _declare_percentile(name: str, *, is_list: bool) -> None:
    def parse(argument: Any, scope: Scope) -> Accumulation:
        source, wanted = percentile_parts(name, argument, scope)

        def choose(values: list[Any]) -> Any:
            found = percentiles(numbers_in(values), wanted)
            return found if is_list else found[0]

        return Accumulation(source.evaluate, lambda _: Kept(choose))

    FAMILY.accumulator(name)(parse)


_declare_percentile("$percentile", is_list=True)
_declare_percentile("$median", is_list=False)


_SCRIPT = ("init", "accumulate", "accumulateArgs", "merge", "lang")


class Script:
    """$accumulator: a state that JavaScript functions make and change."""

    __slots__ = ("final", "run", "state", "step")

    def __init__(self, run: Callable[[str, list[Any]], Any], parts: Mapping[str, Any]) -> None:
        self.run = run
        self.step = str(parts["accumulate"])
        self.final = parts.get("finalize")
        self.state = run(str(parts["init"]), list(parts.get("initArgs", [])))

    def add(self, value: Any) -> None:
        """Take the arguments that were computed of a document."""
        self.state = self.run(self.step, [self.state, *value])

    def value(self) -> Any:
        """Return the state, finished."""
        return self.state if self.final is None else self.run(str(self.final), [self.state])


@FAMILY.accumulator("$accumulator")
def accumulator(argument: Any, scope: Scope) -> Accumulation:
    """Accumulate by JavaScript. Codes 4544701, 4544703, 4544705, 31264 without JavaScript."""
    if not isinstance(argument, Mapping):
        raise failure(
            4544703, f"$accumulator expects an object as an argument; found: {type_name(argument)}"
        )
    for name in argument:
        if name not in {*_SCRIPT, "initArgs", "finalize"}:
            raise failure(4544706, f"$accumulator got an unexpected field: {name}")
    for name in _SCRIPT:
        if name not in argument:
            raise failure(4544701, f"$accumulator missing required argument '{name}'")
    run = scope.context.javascript
    if run is None:
        raise failure(31264, "$accumulator not supported without the extra dotdo-mongo[javascript]")
    given = argument["accumulateArgs"]
    if not isinstance(given, list):
        raise failure(4544712, "$accumulator accumulateArgs must evaluate to an array")
    return Accumulation(scope.compile(given).evaluate, lambda _: Script(run, argument))
