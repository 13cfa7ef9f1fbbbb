"""JavaScript for $where, $function and $accumulator: a QuickJS of its own per command, bounded in time and memory.

It is there with the extra `dotdo-mongo[javascript]`; without it `runner` gives None.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import bson

from dotdo_mongo.engine.values import millis
from dotdo_mongo.errors import failure

TIME_S = 5
MEMORY_BYTES = 64 << 20
_IS_THERE = find_spec("quickjs") is not None

_PRELUDE = r"""
"use strict";
Array.sum = list => list.length ? list.reduce((a, b) => a + b) : null;
Array.avg = list => list.length ? Array.sum(list) / list.length : null;
Array.contains = (list, x) => list.includes(x);
Array.unique = list => [...new Set(list)];
class ObjectId { constructor(str) { this.str = str; } toString() { return `ObjectId("${this.str}")`; }
  valueOf() { return this.str; } toHexString() { return this.str; } equals(o) { return o instanceof ObjectId && o.str === this.str; } }
class NumberLong { constructor(text) { this.text = String(text); } valueOf() { return Number(this.text); }
  toNumber() { return Number(this.text); } toString() { return `NumberLong("${this.text}")`; } }
class NumberDecimal { constructor(text) { this.text = String(text); } valueOf() { return Number(this.text); }
  toString() { return `NumberDecimal("${this.text}")`; } }
class Timestamp { constructor(t, i) { this.t = t; this.i = i; } }
class BinData { constructor(type, data) { this.type = type; this.data = data; } base64() { return this.data; } }
class MinKeyClass {}
class MaxKeyClass {}
const MinKey = new MinKeyClass(), MaxKey = new MaxKeyClass();
const NumberInt = (x) => Math.trunc(Number(x));
function sleep(ms) { const end = Date.now() + Number(ms); while (Date.now() < end); }
const ISODate = (x) => x === undefined ? new Date() : new Date(x);
function __in(x) {
  if (x === null || typeof x !== "object") return x;
  if (Array.isArray(x)) return x.map(__in);
  if (x.t !== undefined) {
    switch (x.t) {
      case "doc": { const found = {}; for (const [name, value] of x.v) found[name] = __in(value); return found; }
      case "oid": return new ObjectId(x.v);
      case "long": return new NumberLong(x.v);
      case "dec": return new NumberDecimal(x.v);
      case "date": return new Date(x.v);
      case "num": return Number(x.v);
      case "re": return new RegExp(x.v, x.o);
      case "ts": return new Timestamp(x.v, x.o);
      case "bin": return new BinData(x.o, x.v);
      case "min": return MinKey;
      case "max": return MaxKey;
      case "undef": return undefined;
    }
  }
  return x;
}
function __out(x) {
  if (x === undefined || typeof x === "function") return { t: "undef" };
  if (x === null || typeof x === "boolean" || typeof x === "string") return x;
  if (typeof x === "number") return { t: "num", v: Object.is(x, -0) ? "-0" : String(x) };
  if (typeof x === "bigint") return { t: "long", v: String(x) };
  if (Array.isArray(x)) return x.map(__out);
  if (x instanceof ObjectId) return { t: "oid", v: x.str };
  if (x instanceof NumberLong) return { t: "long", v: x.text };
  if (x instanceof NumberDecimal) return { t: "dec", v: x.text };
  if (x instanceof Date) return { t: "date", v: x.getTime() };
  if (x instanceof RegExp) return { t: "re", v: x.source, o: x.flags };
  if (x instanceof Timestamp) return { t: "ts", v: x.t, o: x.i };
  if (x instanceof BinData) return { t: "bin", v: x.data, o: x.type };
  if (x instanceof MinKeyClass) return { t: "min" };
  if (x instanceof MaxKeyClass) return { t: "max" };
  return { t: "doc", v: Object.entries(x).map(([name, value]) => [name, __out(value)]) };
}
const __emitted = [];
function emit(key, value) {
  if (arguments.length !== 2) throw new Error("emit takes 2 args");
  __emitted.push([key === undefined ? null : key, value]);
}
const __functions = {};
function __call(name, text) {
  const args = __in(JSON.parse(text));
  const self = args.length && args[0] !== null && typeof args[0] === "object" ? args[0] : {};
  globalThis.obj = self;
  return JSON.stringify(__out(__functions[name].apply(self, args)));
}
"""

_TAGGED: Mapping[type, Callable[[Any], Any]] = {
    bson.ObjectId: lambda value: {"t": "oid", "v": str(value)},
    bson.Int64: lambda value: {"t": "long", "v": str(value)},
    bson.Decimal128: lambda value: {"t": "dec", "v": str(value)},
    bson.DatetimeMS: lambda value: {"t": "date", "v": int(value)},
    datetime: lambda value: {"t": "date", "v": millis(value)},
    bson.Timestamp: lambda value: {"t": "ts", "v": value.time, "o": value.inc},
    bson.Binary: lambda value: {
        "t": "bin",
        "v": base64.b64encode(value).decode(),
        "o": value.subtype,
    },
    bytes: lambda value: {"t": "bin", "v": base64.b64encode(value).decode(), "o": 0},
    bson.MinKey: lambda _: {"t": "min"},
    bson.MaxKey: lambda _: {"t": "max"},
    float: lambda value: value if math.isfinite(value) else {"t": "num", "v": _double_text(value)},
    bson.Regex: lambda value: {"t": "re", "v": value.pattern, "o": _flags(value)},
    bson.Code: str,
}


def _double_text(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"


def _flags(value: Any) -> str:
    pairs = ((re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s"))
    return "".join(letter for flag, letter in pairs if value.flags & flag)


def _tagged(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {"t": "doc", "v": [[name, _tagged(one)] for name, one in value.items()]}
    if isinstance(value, list):
        return [_tagged(one) for one in value]
    tag = _TAGGED.get(type(value))
    return value if tag is None else tag(value)


_READ: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "doc": lambda found: {name: _read(one) for name, one in found["v"]},
    "oid": lambda found: bson.ObjectId(found["v"]),
    "long": lambda found: bson.Int64(found["v"]),
    "dec": lambda found: bson.Decimal128(found["v"]),
    "date": lambda found: None if found["v"] is None else bson.DatetimeMS(int(found["v"])),
    "num": lambda found: float(found["v"]),
    "re": lambda found: bson.Regex(found["v"], found["o"]),
    "ts": lambda found: bson.Timestamp(found["v"], found["o"]),
    "bin": lambda found: bson.Binary(base64.b64decode(found["v"]), found["o"]),
    "min": lambda _: bson.MinKey(),
    "max": lambda _: bson.MaxKey(),
    "undef": lambda _: None,
}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if isinstance(value, dict):
        return _READ[value["t"]](value)
    return value


class _Runner:
    """Calls functions in one QuickJS, which is made at the first call."""

    def __init__(self, left_s: Callable[[], float]) -> None:
        self._left_s = left_s
        self.engine: Any = None
        self.names: dict[str, str] = {}

    def __call__(self, source: str, args: list[Any]) -> Any:
        """Return what a function gives. Codes 139 when it fails, 50 when it takes too long."""
        quickjs: Any = import_module("quickjs")
        try:
            if self.engine is None:
                self.engine = quickjs.Context()
                self.engine.set_memory_limit(MEMORY_BYTES)
                self.engine.eval(_PRELUDE)
            left_s = self._left_s()
            if left_s <= 0:
                raise failure(50, "operation exceeded time limit")
            self.engine.set_time_limit(min(left_s, TIME_S))
            name = self.names.get(source)
            if name is None:
                name = self.names.setdefault(source, f"f{len(self.names)}")
                self.engine.eval(f"__functions.{name} = ({source}\n);")
            call = f"__call({json.dumps(name)}, {json.dumps(json.dumps(_tagged(args)))})"
            answer = self.engine.eval(call)
        except quickjs.JSException as error:
            text = str(error).strip().split("\n", 1)[0]
            if "interrupted" in text:
                raise failure(50, "operation exceeded time limit") from error
            raise failure(139, text) from error
        except ValueError as error:  # a null byte in the source
            raise failure(139, str(error)) from error
        return _read(json.loads(answer))


def _unlimited() -> float:
    return TIME_S


def runner(left_s: Callable[[], float] = _unlimited) -> Callable[[str, list[Any]], Any] | None:
    """Return what calls JavaScript for one command, None where QuickJS is not installed.

    Args:
        left_s: How many seconds the command may still take; a call never takes more than `TIME_S`.
    """
    return _Runner(left_s) if _IS_THERE else None
