"""Advisory lock functions (9.27.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.27.10")


def _declare_lock(name: str, *, is_shared: bool, is_of_transaction: bool, wait: bool) -> None:
    def lock(facts: Facts, *key: int) -> int:
        return int(
            facts.advisor.lock(
                key, is_shared=is_shared, is_of_transaction=is_of_transaction, wait=wait
            )
        )

    def lock_or_wait(facts: Facts, *key: int) -> str:
        lock(facts, *key)
        return ""

    body: Callable[..., object] = lock_or_wait if wait else lock
    for arguments in ("bigint", "integer, integer"):
        declare = FAMILY.function(
            f"{name}({arguments})",
            returns="void" if wait else "boolean",
            is_volatile=True,
            takes_session=True,
        )
        declare(body)


for _shared in ("", "_shared"):
    for _scope in ("", "_xact"):
        for _prefix in ("pg_", "pg_try_"):
            _declare_lock(
                f"{_prefix}advisory{_scope}_lock{_shared}",
                is_shared=bool(_shared),
                is_of_transaction=bool(_scope),
                wait=_prefix == "pg_",
            )


@FAMILY.function(
    "pg_advisory_unlock(bigint)",
    "pg_advisory_unlock(integer, integer)",
    returns="boolean",
    is_volatile=True,
    takes_session=True,
)
def unlock(facts: Facts, *key: int) -> int:
    """Give an exclusive lock of the session back."""
    return int(facts.advisor.unlock(key, is_shared=False))


@FAMILY.function(
    "pg_advisory_unlock_shared(bigint)",
    "pg_advisory_unlock_shared(integer, integer)",
    returns="boolean",
    is_volatile=True,
    takes_session=True,
)
def unlock_shared(facts: Facts, *key: int) -> int:
    """Give a shared lock of the session back."""
    return int(facts.advisor.unlock(key, is_shared=True))


@FAMILY.function("pg_advisory_unlock_all()", returns="void", is_volatile=True, takes_session=True)
def unlock_all(facts: Facts) -> str:
    """Give all locks of the session back."""
    facts.advisor.unlock_all()
    return ""
