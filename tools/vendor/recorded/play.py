"""Cases played one after the other, each on a fresh database of a deployment in this process."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bson import Int64, encode

from dotdo.clock import system_clock
from dotdo.tenancy.home import Home
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands.dispatch import run_command
from dotdo_mongo.engine.deployment import Deployment, HomeDatabases
from dotdo_mongo.mapping.codec import CODEC, decode
from tools.vendor.recorded.values import loads
from tools.vendor.recorded.verdict import code_of, judged, same

Document = dict[str, Any]
REPLY_PARTS = ("n", "nModified", "upserted", "value", "values", "lastErrorObject")


@dataclass(slots=True, frozen=True)
class Outcome:
    """What came of a case: `cause` is empty when it passed."""

    id: str
    topic: str
    cause: str
    given: str = ""
    wanted: str = ""


class Target(Protocol):
    """Where cases are played."""

    def run(self, db: str, command: Document) -> Document:
        """Return the reply to a command, through BSON both ways."""

    def drop(self, db: str) -> None:
        """Forget a database."""

    def close(self) -> None:
        """Give up what it holds."""


class Inproc:
    """A deployment in this process, in memory."""

    def __init__(self) -> None:
        self.deployment = Deployment(HomeDatabases(Home(":memory:"), may_create=True), system_clock)
        self.client = ClientState()

    def run(self, db: str, command: Document) -> Document:
        """Return the reply to a command, through BSON both ways."""
        body = decode(encode({**command, "$db": db}, False, CODEC))
        reply = run_command(self.deployment, self.client, body)
        return decode(encode(reply, False, CODEC))

    def drop(self, db: str) -> None:
        """Forget a database."""
        self.deployment.databases.drop(db)

    def close(self) -> None:
        """Give up what it holds, which is nothing."""


class Player:
    """Plays cases on a target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.number = itertools.count()

    def verified(self, file: Path, start: int = 0, stop: int | None = None) -> Iterator[Outcome]:
        """Yield the outcomes of the cases of a file of verified answers, those of lines `start` to `stop`."""
        with file.open(encoding="utf8") as lines:
            for line in itertools.islice(lines, start, stop):
                yield self._verified(line, file.stem)

    def _verified(self, line: str, topic: str) -> Outcome:
        db = f"r{next(self.number)}"
        case = loads(line.replace("__DB__", db))
        number, cause, given, wanted = case["id"], "", "", ""
        try:
            last = max(one["step"] for one in case["expect"])
            replies = [
                self.target.run(step["db"], step["command"]) for step in case["steps"][: last + 1]
            ]
            for expectation in case["expect"]:
                cause = judged(expectation, replies[expectation["step"]])
                if cause:
                    given, wanted = (
                        repr(replies[expectation["step"]]),
                        repr(expectation["expected"]),
                    )
                    break
        except Exception as error:
            cause = f"harness: {type(error).__name__}: {error}"[:150]
        finally:
            self.target.drop(db)
        return Outcome(number, topic, cause, given, wanted)

    def consensus(self, file: Path, start: int = 0, stop: int | None = None) -> Iterator[Outcome]:
        """Yield the outcomes of the cases of a file of consensus answers, those of lines `start` to `stop`."""
        fixtures = loads(file.with_name("_fixtures.json").read_text("utf8"))
        with file.open(encoding="utf8") as lines:
            for line in itertools.islice(lines, start, stop):
                yield self._consensus(loads(line), f"consensus-{file.stem}", fixtures)

    def _consensus(self, case: Document, topic: str, fixtures: Document) -> Outcome:
        db = f"r{next(self.number)}"
        cause, wanted, given = "", "", ""
        try:
            for part in case["setup"]:
                for one in fixtures[part["fixture"]] if "fixture" in part else [part]:
                    self._set_up(db, one)
            for step, expected in zip(case["steps"], case["expected"], strict=False):
                answer = self._answer(db, step)
                cause = (
                    "" if expected is None else _disagreement(expected, answer, step.get("norm"))
                )
                if cause:
                    wanted, given = repr(expected), repr(answer)
                    break
        except Exception as error:
            cause = f"harness: {type(error).__name__}: {error}"[:150]
        finally:
            self.target.drop(db)
        return Outcome(case["id"], topic, cause, given, wanted)

    def _set_up(self, db: str, part: Mapping[str, Any]) -> None:
        name = part["coll"]
        if part.get("options"):
            self.target.run(db, {"create": name, **part["options"]})
        if part.get("docs"):
            self.target.run(db, {"insert": name, "documents": part["docs"]})
        if part.get("indexes"):
            self.target.run(db, {"createIndexes": name, "indexes": part["indexes"]})

    def _answer(self, db: str, step: Mapping[str, Any]) -> Document:
        where = step.get("db", db)
        reply = self.target.run(where, step["command"])
        if not reply.get("ok"):
            return {"ok": 0, "code": reply["code"]}
        if not (step.get("drain") and "cursor" in reply):
            return {"ok": 1, "reply": reply}
        cursor = reply["cursor"]
        documents = list(cursor["firstBatch"])
        while cursor["id"]:
            name = cursor["ns"].split(".", 1)[1]
            more = {"getMore": Int64(cursor["id"]), "collection": name}
            cursor = self.target.run(where, more)["cursor"]
            documents += cursor["nextBatch"]
        return {"ok": 1, "docs": documents}


def _unordered(value: Any, *, is_deep: bool) -> Any:
    if isinstance(value, dict):
        return (
            {name: _unordered(one, is_deep=True) for name, one in value.items()}
            if is_deep
            else value
        )
    if isinstance(value, list):
        found = [_unordered(one, is_deep=is_deep) for one in value]
        return sorted(found, key=lambda one: (type(one).__name__, repr(one)))
    return value


def _disagreement(wanted: Document, given: Document, norm: str | None) -> str:
    if not wanted["ok"]:
        if given["ok"]:
            code = code_of(given.get("reply", {"ok": 1}))
            return f"no error, wanted {wanted['code']} (writes: {code})"
        return (
            ""
            if wanted["code"] == given["code"]
            else f"code {given['code']}, wanted {wanted['code']}"
        )
    if not given["ok"]:
        return f"error {given['code']}"
    if "docs" in wanted:
        found = given.get("docs")
        if found is None:
            found = given["reply"].get("cursor", {}).get("firstBatch")
        documents = wanted["docs"]
        if norm and found is not None:
            is_deep = norm == "deep"
            documents, found = (_unordered(one, is_deep=is_deep) for one in (documents, found))
        return "" if same(documents, found, ordered=True) else "differs"
    return _reply_disagreement(wanted["reply"], given.get("reply", {}), norm)


def _reply_disagreement(wanted: Document, given: Document, norm: str | None) -> str:
    for name in REPLY_PARTS:
        if name != "upserted" and (name in wanted) != (name in given):
            return f"differs: {name}"
        if name in wanted:
            a, b = wanted[name], given.get(name)
            if norm:
                a, b = (_unordered(one, is_deep=norm == "deep") for one in (a, b))
            if not same(a, b, ordered=True):
                return f"differs: {name}"
    pairs = [
        [(one.get("index"), one.get("code")) for one in reply.get("writeErrors", [])]
        for reply in (wanted, given)
    ]
    return "" if pairs[0] == pairs[1] else "differs: writeErrors"


def shown(outcome: Outcome) -> str:
    """Return a failed outcome as one line of JSON."""
    return json.dumps(
        {
            "id": outcome.id,
            "topic": outcome.topic,
            "cause": outcome.cause,
            "wanted": outcome.wanted[:2000],
            "given": outcome.given[:2000],
        }
    )
