"""Python routines as SQLite calls them: values decoded by type, NULL passed through, results encoded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines.array_checks import element_key
from dotdo_postgres.mapping import arrays, floats, interval, jsons, numeric, ranges, records
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES, Range

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import PythonCall
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.routines.declare import Routine

Decoder = Callable[[Any], Any]


def _decoder(call: PythonCall, at: int, facts: Facts) -> Decoder | None:
    oid, scale = call.types[at], call.scales[at]
    if call.routine.is_spread and at == len(call.types) - 1:
        decode = _decoder_of(call, t.BY_OID[oid].element, None, facts)
        return lambda stored: [
            item if item is None or decode is None else decode(item) for item in arrays.flat(stored)
        ]
    declared = call.routine.arguments
    is_float = oid in _FLOATS and declared[min(at, len(declared) - 1)] in _FLOATS
    if is_float and not _takes_stored(call.routine):
        return float
    return _decoder_of(call, oid, scale, facts)


_FLOATS = frozenset({t.FLOAT4, t.FLOAT8})


def _takes_stored(routine: Routine) -> bool:
    return routine.is_stored or routine.is_text_form or routine.is_json_form


def _decoder_of(call: PythonCall, oid: int, scale: int | None, facts: Facts) -> Decoder | None:
    routine = call.routine
    if routine.is_stored:
        return _stored_decoder(oid, scale)
    if routine.is_text_form:
        return _text_decoder(oid, scale, facts, is_cast=routine.kind == "operator")
    if routine.is_json_form:
        return _json_decoder(oid, scale, facts)
    if routine.is_array_text and t.BY_OID[oid].category == "A":
        element = codec_of(t.BY_OID[oid].element, facts.zone)
        assert element is not None  # what was bound has a codec
        write = element.to_text
        return lambda stored: arrays.mapped(arrays.unpack(stored), write)
    if oid == t.NUMERIC:
        if scale is None:
            return numeric.decode
        exponent = -scale
        return lambda scaled: Decimal(scaled).scaleb(exponent, numeric.CONTEXT)
    if oid == t.INTERVAL:
        return interval.decode
    return _span_decoder(oid)


def _stored_decoder(oid: int, scale: int | None) -> Decoder | None:
    """Bring a numeric into the form of parameters; all else is in it."""
    if oid != t.NUMERIC or scale is None:
        return None
    exponent = -scale
    return lambda scaled: numeric.encode(Decimal(scaled).scaleb(exponent, numeric.CONTEXT))


def _span_decoder(oid: int) -> Decoder | None:
    if oid in RANGES:
        subtype = RANGES[oid][0]
        return lambda stored: ranges.decode(stored, subtype)
    if oid in MULTIRANGES:
        bound = RANGES[MULTIRANGES[oid]][0]
        return lambda stored: ranges.decode_multirange(stored, bound)
    return None


def _json_decoder(oid: int, scale: int | None, facts: Facts) -> Decoder:
    if oid in {*t.INTEGERS, t.JSON}:
        return str
    if oid == t.JSONB:
        return jsons.jsonb_to_text
    if oid == t.BOOL:
        return lambda value: "true" if value else "false"
    if oid == t.RECORD or t.BY_OID[oid].category == "C":
        return lambda stored: _json_row(oid, stored, facts)
    text = _text_decoder(oid, scale, facts, is_cast=True) or str
    if oid in {t.NUMERIC, t.FLOAT4, t.FLOAT8}:
        return lambda value: _json_number(text(value))
    if oid in {t.TIMESTAMP, t.TIMESTAMPTZ}:
        return lambda value: jsons.dump(_iso(text(value)))
    if t.BY_OID[oid].category == "A":
        element = _json_decoder(t.BY_OID[oid].element, None, facts)
        return lambda stored: _json_array(arrays.unpack(stored), element)
    return lambda value: jsons.dump(text(value))


def _json_row(oid: int, stored: str, facts: Facts) -> str:
    kinds, items = records.types_of(oid, stored), records.unpack(oid, stored)
    names = [name for name, _, _ in t.BY_OID[oid].fields] if oid != t.RECORD else []
    parts = []
    for at, (kind, item) in enumerate(zip(kinds, items, strict=True)):
        value = "null" if item is None else _json_decoder(kind, None, facts)(item)
        parts.append(f"{jsons.dump(names[at] if names else f'f{at + 1}')}:{value}")
    return "{" + ",".join(parts) + "}"


def _json_array(items: list[Any], element: Decoder) -> str:
    parts = [
        "null"
        if item is None
        else _json_array(item, element)
        if isinstance(item, list)
        else element(item)
        for item in items
    ]
    return "[" + ",".join(parts) + "]"


def _json_number(text: str) -> str:
    return text if text.lstrip("-")[:1].isdigit() else jsons.dump(text)


def _iso(text: str) -> str:
    shown = text.replace(" ", "T", 1)
    if len(shown) > 3 and shown[-3] in "+-" and ":" in shown:
        return shown + ":00"
    return shown


def _text_decoder(oid: int, scale: int | None, facts: Facts, *, is_cast: bool) -> Decoder | None:
    if oid == t.NUMERIC and scale is not None:
        return lambda scaled: numeric.scaled_to_text(scaled, scale)
    if t.BY_OID[oid].category == "S" or oid == t.UNKNOWN:
        return None
    if oid == t.BOOL and is_cast:
        return lambda value: "true" if value else "false"
    if oid == t.TIMESTAMPTZ:
        return lambda value: codec_of(oid, facts.zone).to_text(value)  # type: ignore[union-attr]  # it has one
    codec = codec_of(oid, facts.zone)
    return codec.to_text if codec else str


def _encoder(oid: int) -> Callable[[Any], Any] | None:
    encoders: dict[int, Callable[[Any], Any]] = {
        t.NUMERIC: numeric.encode,
        t.INTERVAL: interval.encode,
        t.FLOAT4: floats.kept,
        t.FLOAT8: floats.kept,
    }
    if oid in RANGES or oid in MULTIRANGES or oid in _SPANS:
        return _encoded_span
    return encoders.get(oid)


# Result types of which only the value tells what it is.
_SPANS = frozenset({3831, 4537, t.ANYELEMENT})


def _encoded_span(value: Any) -> Any:
    if isinstance(value, Range):
        return ranges.encode(value)
    if isinstance(value, tuple) and not isinstance(value, interval.Interval):
        return ranges.encode_multirange(value)
    return numeric.encode(value) if isinstance(value, Decimal) else value


def _body(call: PythonCall) -> Callable[..., Any]:
    body = call.routine.body
    assert body is not None  # native routines are not registered
    return body


def make_function(call: PythonCall, facts: Facts) -> Callable[..., Any]:
    """Make the function SQLite calls for a scalar or set-returning routine."""
    body = _body(call)
    decoders = [_decoder(call, at, facts) for at in range(len(call.types))]
    encode = arrays.pack if call.routine.kind == "series" else _encoder(call.routine.result)
    if call.routine.is_stored and call.routine.kind != "series":
        encode = None
    if call.routine.takes_session:
        body = partial(body, facts)
    if call.routine.is_strict and not any(decoders) and encode is None:
        return _strict(body)
    is_plain = {*decoders} <= {None, float} and encode in {None, floats.kept}
    if is_plain and call.routine.is_strict and not call.routine.is_spread:
        return _strict_on_floats(body, decoders, is_float=encode is not None)
    is_strict, is_spread = call.routine.is_strict, call.routine.is_spread

    def run(*args: Any) -> Any:
        if is_strict and None in args:
            return None
        values = [
            arg if decode is None or arg is None else decode(arg)
            for decode, arg in zip(decoders, args, strict=True)
        ]
        if is_spread:
            if values[-1] is None and call.routine.name != "format":
                return None
            values += values.pop() or ()
        result = body(*values)
        return result if result is None or encode is None else encode(result)

    return run


def _strict(body: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        return None if None in args else body(*args)

    return run


def _strict_on_floats(
    body: Callable[..., Any], decoders: list[Decoder | None], *, is_float: bool
) -> Callable[..., Any]:
    """Make the function of a routine on floating point numbers: only NaN has another form in SQLite."""

    def run(*args: Any) -> Any:
        if None in args:
            return None
        if floats.NAN in args:
            args = tuple(
                [
                    arg if decode is None else decode(arg)
                    for decode, arg in zip(decoders, args, strict=True)
                ]
            )
        result = body(*args)
        return floats.kept(result) if is_float and result is not None else result

    return run


def make_aggregate(call: PythonCall, facts: Facts) -> Callable[[], Any]:
    """Make the factory SQLite calls for an aggregate routine."""
    make_state: Callable[[], Any] = _body(call)
    if call.routine.takes_session:
        make_state = partial(_body(call), facts)
    is_strict = call.routine.is_strict
    decoders = _aggregate_decoders(call, facts)
    result = call.routine.result
    encode = _encoder(result if result not in t.POLYMORPHIC - {3831, 4537} else 0)
    if call.routine.is_stored:
        encode = None

    is_plain = {*decoders} <= {None, float}

    def values_of(args: tuple[Any, ...]) -> list[Any]:
        return [
            arg if decode is None or arg is None else decode(arg)
            for decode, arg in zip(decoders, args, strict=True)
        ]

    class Step:
        def __init__(self) -> None:
            self.state = make_state()

        def step(self, *args: Any) -> None:
            if not is_strict or None not in args:
                self.state.step(*(args if is_plain and floats.NAN not in args else values_of(args)))

        def inverse(self, *args: Any) -> None:
            if not is_strict or None not in args:
                self.state.inverse(*values_of(args))

        def final(self) -> Any:
            result = self.state.final()
            return result if result is None or encode is None else encode(result)

        value = final

    return _distinct(Step, call) if call.routine.is_distinct else Step


def _aggregate_decoders(call: PythonCall, facts: Facts) -> list[Decoder | None]:
    decoders = [_decoder(call, at, facts) for at in range(len(call.types))]
    if call.routine.is_stored or t.NUMERIC not in {*call.routine.arguments, call.routine.result}:
        return decoders
    return [
        Decimal if oid in t.INTEGERS else decode
        for oid, decode in zip(call.types, decoders, strict=True)
    ]


def _distinct(step: type[Any], call: PythonCall) -> type[Any]:
    """Return the aggregate that takes values only once."""
    keys = [element_key(oid) for oid in call.types]

    class Distinct(step):  # type: ignore[misc]  # of any kind
        def __init__(self) -> None:
            super().__init__()
            self.seen: set[tuple[Any, ...]] = set()

        def step(self, *args: Any) -> None:
            have = tuple([key(arg) for key, arg in zip(keys, args, strict=True)])
            if have not in self.seen:
                self.seen.add(have)
                super().step(*args)

    return Distinct
