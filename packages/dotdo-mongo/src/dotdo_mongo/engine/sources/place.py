"""Where the first stages that read from the store stand: what they may run against, and the time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now(request: Request) -> datetime:
    """Return the request's time."""
    return EPOCH + timedelta(milliseconds=request.now_us // 1000)


def on_database(context: Context, stage: str, code: int = 73) -> None:
    """Refuse a stage on a collection that works on the database only."""
    if context.collection:
        raise failure(code, f"{stage} must be run against the database with {{aggregate: 1}}")


def check_read_concern(request: Request, stage: str) -> None:
    """Refuse other read concerns than local. Code 72."""
    level = request.read_concern.get("level", "local")
    if level != "local":
        raise failure(
            72,
            f"Aggregation stage {stage} requires read concern local but found readConcern: {{level: '{level}'}}",
        )
