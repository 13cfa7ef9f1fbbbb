"""Facts of the session that functions and codecs need: time zone, clock, names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any, Protocol

from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dotdo_postgres.engine.advisory import Advisor
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.sequences import Sequences


class Catalog(Protocol):
    """Answers what functions ask of the catalog, by the function's own name."""

    def ask(self, name: str, *arguments: Any) -> Any:
        """Return the answer; NULL is None."""


def _unchangeable(name: str, value: str | None, is_local: bool) -> str:  # noqa: ARG001 -- called alike
    raise error("0A000", f'parameter "{name}" cannot be changed here')


def _unavailable(*_: object) -> bool:
    raise error("0A000", "this function is not supported here")


@dataclass(slots=True)
class Facts:
    """What a statement may ask about its session.

    Args:
        zone: Time zone.
        clock: Microseconds since 1970.
        transaction_us: When the transaction began.
        statement_us: When the statement began.
        user: Name of the user.
        database: Name of the database.
        settings: Settings by name.
        session_user: Who logged in; `user` is who is acting.
        names: Resolves names as the session sees them now.
        sequences: The session's sequences.
        catalog: Answers what functions ask of the catalog.
        set_setting: Changes a setting: name, value, whether for the transaction only; returns the new value.
        notify: Tells a channel something at commit.
        channels: Gives the channels that are listened to.
        sleep: Lets seconds pass.
        advisor: The session's advisory locks.
        call_routine: Calls a routine that a user made.
        call_function: Calls a function by its name.
        trigger_depth: How deep triggers have called each other.
        blockers: Gives the numbers of the sessions that the session of a number waits for.
        signal: Tells the session of a number to `cancel` or to `terminate`; whether there is one.
    """

    zone: tzinfo = UTC
    clock: Callable[[], int] = lambda: 0
    transaction_us: int = 0
    statement_us: int = 0
    user: str = "postgres"
    database: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    session_user: str = "postgres"
    names: Names = None  # type: ignore[assignment]  # set before the first statement is planned
    sequences: Sequences = None  # type: ignore[assignment]  # set by the session
    catalog: Catalog = None  # type: ignore[assignment]  # set by the session
    set_setting: Callable[[str, str | None, bool], str] = _unchangeable
    notify: Callable[[str, str], object] = _unavailable
    channels: Callable[[], Iterable[str]] = tuple
    sleep: Callable[[float], object] = _unavailable
    call_routine: Callable[..., Any] = _unavailable
    call_function: Callable[..., Any] = _unavailable
    trigger_depth: Callable[[], int] = lambda: 0
    signal: Callable[[int, str], bool] = _unavailable
    blockers: Callable[[int], list[int]] = _unavailable  # type: ignore[assignment]  # set by the session
    advisor: Advisor = None  # type: ignore[assignment]  # set by the session
