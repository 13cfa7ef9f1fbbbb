"""Fail points, which tests of drivers set to have commands fail; there are none unless the deployment has test commands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.kinds import Declared, parse_part
from dotdo_mongo.errors import failure

Document = dict[str, Any]
FAIL_COMMAND = "failCommand"
TRANSACTIONAL_WRITE = "onPrimaryTransactionalWrite"
GET_MORE = "failGetMoreAfterCursorCheckout"
MAX_TIME = "maxTimeAlwaysTimeOut"
_NEVER_FAIL = frozenset({"configureFailPoint", "getLog"})

_FAIL_COMMAND: Declared = {
    "failCommands": kinds.ARRAY,
    "errorCode": kinds.safe_long(),
    "closeConnection": kinds.SAFE_BOOL,
    "blockConnection": kinds.SAFE_BOOL,
    "blockTimeMS": kinds.safe_long(0),
    "appName": kinds.STRING,
    "namespace": kinds.STRING,
    "errorLabels": kinds.ARRAY,
    "writeConcernError": kinds.OBJECT,
    "errorExtraInfo": kinds.OBJECT,
    "failInternalCommands": kinds.SAFE_BOOL,
    "failLocalClients": kinds.SAFE_BOOL,
}
_TRANSACTIONAL: Declared = {
    "closeConnection": kinds.SAFE_BOOL,
    "failBeforeCommitExceptionCode": kinds.safe_long(),
}
_DATA: Mapping[str, Declared] = {
    FAIL_COMMAND: _FAIL_COMMAND,
    TRANSACTIONAL_WRITE: _TRANSACTIONAL,
    MAX_TIME: {},
    GET_MORE: {"errorCode": kinds.safe_long(), "closeConnection": kinds.SAFE_BOOL},
}


class ConnectionCut(Exception):
    """The connection is to end without a reply."""


@dataclass(slots=True)
class FailPoint:
    """One fail point that is set.

    Args:
        data: What is to happen, to whom.
        skip: How many times it lets pass first.
        times: How many times it strikes then; None for ever.
        probability: How often it strikes.
    """

    data: Document
    skip: int = 0
    times: int | None = None
    probability: float = 1.0

    def strikes(self, random: Callable[[], float]) -> bool:
        """Tell whether it is this time's turn, and count it."""
        if self.times == 0 or (self.probability < 1 and random() >= self.probability):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Failing:
    """What one request meets.

    Args:
        data: The fail point's data.
    """

    data: Document

    @property
    def delay_ms(self) -> int:
        """How long the request stands still first."""
        return int(self.data["blockTimeMS"] or 0) if self.data["blockConnection"] else 0

    def strike(self) -> None:
        """Fail, where it is to fail.

        Raises:
            ConnectionCut: The connection is to be closed.
            CommandFailure: Of the code asked for.
        """
        data = self.data
        if data["closeConnection"]:
            raise ConnectionCut
        if data["errorCode"] is not None:
            text = f"Failing command via '{FAIL_COMMAND}' failpoint"
            raise failure(data["errorCode"], text, **(data.get("errorExtraInfo") or {}))


@dataclass(slots=True)
class FailPoints:
    """The fail points of a deployment.

    Args:
        random: Numbers in [0, 1).
    """

    random: Callable[[], float]
    _set: dict[str, FailPoint] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._set)

    def configure(self, name: str, mode: Any, data: Document) -> int:
        """Set a fail point, or take it away; return how often it was met before.

        Raises:
            CommandFailure: There is none of the name (code 266), or the mode is none (codes 2, 9, 14).
        """
        if name not in _DATA:
            raise failure(266, f"{name} not found")
        made = _parsed_mode(mode)
        if made is None:
            self._set.pop(name, None)
        else:
            known = {field: value for field, value in data.items() if field in _DATA[name]}
            made.data = parse_part(_DATA[name], known, name)  # others are ignored, as mongod does
            self._set[name] = made
        return self._counts.get(name, 0)

    def struck(
        self, name: str, applies: Callable[[Document], bool] = lambda _: True
    ) -> Document | None:
        """Return the data of a fail point when it strikes what it applies to."""
        found = self._set.get(name)
        if found is None or not applies(found.data) or not found.strikes(self.random):
            return None
        self._counts[name] = self._counts.get(name, 0) + 1
        return found.data

    def struck_once(self, name: str, times: int) -> Document | None:
        """Return the data of a fail point that is met so many times, when it strikes one of them."""
        for _ in range(times):
            data = self.struck(name)
            if data is not None:
                return data
        return None

    def of_command(
        self, names: tuple[str, ...], app_name: str | None, namespace: str
    ) -> Failing | None:
        """Return what a command meets, None when it goes unharmed.

        Args:
            names: Its names.
            app_name: That the client gave itself.
            namespace: `db.collection` that it is about.
        """
        if not self._set or not _NEVER_FAIL.isdisjoint(names):
            return None

        def applies(data: Document) -> bool:
            return (
                any(name in (data["failCommands"] or ()) for name in names)
                and data["appName"] in {None, app_name}
                and data["namespace"] in {None, namespace}
            )

        data = self.struck(FAIL_COMMAND, applies)
        return None if data is None else Failing(data)


def _parsed_mode(mode: Any) -> FailPoint | None:
    if mode == "off":
        return None
    if mode == "alwaysOn":
        return FailPoint({})
    if isinstance(mode, str):
        raise failure(9, f"unknown mode: {mode}")
    if not isinstance(mode, dict):
        raise failure(14, "'mode' must be a string or JSON object")
    for name, value in mode.items():
        if name not in {"times", "skip", "activationProbability"}:
            raise failure(9, f"unknown mode: {name}")
        if not kinds.is_number(value):
            raise failure(14, f"'mode.{name}' must be a number")
        if float(str(value)) < 0:
            raise failure(9, f"'mode.{name}' must not be negative")
    return FailPoint(
        {},
        kinds.as_long(mode.get("skip", 0)),
        kinds.as_long(mode["times"]) if "times" in mode else None,
        float(str(mode.get("activationProbability", 1))),
    )
