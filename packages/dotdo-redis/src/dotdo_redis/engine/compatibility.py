"""Which of Redis' commands there are, as the registry tells it."""

from collections.abc import Mapping

from dotdo_redis.engine.registry import build, unsupported
from dotdo_redis.spec.facts import facts


def declared() -> Mapping[str, Mapping[str, list[str]]]:
    """Return by title and state the names of what there is and what there is not; a subcommand follows its command."""
    missing = {shown(name) for name in unsupported(build())}
    known = {shown(name) for name in facts()}
    return {"Commands": {"supported": sorted(known - missing), "not supported": sorted(missing)}}


def shown(name: str) -> str:
    """Return a command as one types it."""
    return name.replace("|", " ")
