"""Values of settings: what a text means for a setting of its kind, and how it is shown; wrong ones are PostgreSQL's error."""

from __future__ import annotations

import re
from decimal import Decimal

from dotdo_postgres.errors import error
from dotdo_postgres.spec.settings import SETTINGS

_NUMBER = re.compile(
    r"\s*([-+]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+))\s*([A-Za-z]*)\s*$"
)
_MEMORY = {
    "B": Decimal(1),
    "kB": Decimal(1024),
    "MB": Decimal(1024**2),
    "GB": Decimal(1024**3),
    "TB": Decimal(1024**4),
}
_TIME = {
    "us": Decimal(1), "ms": Decimal(1000), "s": Decimal(10**6), "min": Decimal(60 * 10**6), "h": Decimal(3600 * 10**6),
    "d": Decimal(86400 * 10**6),
}  # fmt: skip
_MEMORY_HINT = 'Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".'
_TIME_HINT = 'Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".'
_SWITCHES = {
    "on": True,
    "true": True,
    "yes": True,
    "off": False,
    "false": False,
    "no": False,
    "1": True,
    "0": False,
}
_FIXED = {
    "internal": "cannot be changed",
    "postmaster": "cannot be changed without restarting the server",
    "sighup": "cannot be changed now",
    "backend": "cannot be set after connection start",
    "superuser-backend": "cannot be set after connection start",
}


def refuse_fixed(name: str) -> None:
    """Refuse to change what a session cannot.

    Raises:
        PostgresError: SQLSTATE 55P02.
    """
    spec = SETTINGS.get(name.lower())
    if spec is not None and spec[3] in _FIXED:
        raise error("55P02", f'parameter "{spec[0]}" {_FIXED[spec[3]]}')


def shown_value(name: str, text: str) -> str:
    """Return a value as SHOW tells it.

    Raises:
        PostgresError: not valid for the setting (SQLSTATE 22023).
    """
    spec = SETTINGS.get(name.lower())
    if spec is None:
        return text
    kind = spec[1]
    if kind == "bool":
        return _switch(spec, text)
    if kind == "enum":
        return _choice(spec, text)
    if kind in {"integer", "real"}:
        return _quantity(spec, text)
    return text


Spec = tuple[str, str, str | None, str, str, str | None, str | None, tuple[str, ...] | None, str]


def _switch(spec: Spec, text: str) -> str:
    found = switch_of(text)
    if found is None:
        raise error("22023", f'parameter "{spec[0]}" requires a Boolean value')
    return "on" if found else "off"


def switch_of(text: str) -> bool | None:
    """Read a word for on or off, or the beginning of one that means only that."""
    word = text.lower()
    meant = {value for full, value in _SWITCHES.items() if word and full.startswith(word)}
    return meant.pop() if len(meant) == 1 and word != "o" else None


def _choice(spec: Spec, text: str) -> str:
    values = spec[7] or ()
    for value in values:
        if value.lower() == text.lower():
            return value
    meant = _SWITCHES.get(text.lower())
    if meant is not None and ("on" if meant else "off") in values:
        return "on" if meant else "off"
    hint = f"Available values: {', '.join(values)}."
    raise error("22023", f'invalid value for parameter "{spec[0]}": "{text}"', hint=hint)


def _units(unit: str | None) -> tuple[dict[str, Decimal], Decimal, str | None]:
    """Return the units one may write, how many of the smallest make the setting's own, and the hint."""
    if unit is None:
        return {}, Decimal(1), None
    if unit in _TIME:
        return _TIME, _TIME[unit], _TIME_HINT
    count = re.match(r"\d*", unit)
    times = Decimal(count[0] or 1) if count else Decimal(1)
    return _MEMORY, times * _MEMORY[unit.lstrip("0123456789")], _MEMORY_HINT


def _quantity(spec: Spec, text: str) -> str:
    name, kind, unit, _, _, least, most, _, _ = spec
    units, base, hint = _units(unit)
    match = _NUMBER.match(text)
    if match is None or (match[2] and match[2] not in units):
        is_unit = match is not None and bool(units)
        message = f'invalid value for parameter "{name}": "{text}"'
        raise error("22023", message, hint=hint if is_unit else None)
    number = Decimal(int(match[1], 16)) if "x" in match[1].lower() else Decimal(match[1])
    if match[2]:
        number = number * units[match[2]] / base
    if kind == "integer":
        number = number.to_integral_value(rounding="ROUND_HALF_EVEN")
    if not Decimal(least or 0) <= number <= Decimal(most or 0):
        shown = f"{_plain(number)} {unit}" if unit else _plain(number)
        message = f'{shown} is outside the valid range for parameter "{name}" ({least} .. {most})'
        raise error("22023", message)
    return _with_unit(number, units, base)


def _with_unit(number: Decimal, units: dict[str, Decimal], base: Decimal) -> str:
    if not units or number <= 0:
        return _plain(number)
    total = number * base
    for unit, size in reversed(units.items()):
        if total % size == 0:
            return f"{total / size:f}".split(".")[0] + unit
    return _plain(number)


def _plain(number: Decimal) -> str:
    return f"{float(number):g}" if number % 1 else f"{int(number)}"


def milliseconds(shown: str) -> int:
    """Return what a setting of time, as shown, is in milliseconds."""
    match = _NUMBER.match(shown)
    assert match is not None  # it has been checked when it was set
    return int(Decimal(match[1]) * (_TIME[match[2]] / 1000 if match[2] else 1))
