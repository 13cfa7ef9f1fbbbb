"""The labels of errors, by which drivers know what may be tried again."""

from typing import Any

_RETRYABLE = frozenset(
    {6, 7, 89, 91, 134, 189, 262, 358, 384, 9001, 10107, 11600, 11602, 13435, 13436}
)
_RESUMABLE = _RETRYABLE | {63, 133, 150, 234, 13388}
_TRANSIENT = frozenset({24, 112, 246, 251, 267})
NO_SUCH_TRANSACTION = 251
_ENDINGS = frozenset({"commitTransaction", "abortTransaction"})

Document = dict[str, Any]


def labels_of(
    command: str,
    body: Document,
    *,
    code: int | None,
    concern_code: int | None = None,
    is_change_stream: bool = False,
) -> list[str]:
    """Return the labels of a failed reply.

    Args:
        command: The command's name.
        body: The command as sent.
        code: Of the error; None when it is the write concern's only.
        concern_code: Of the write concern's error.
        is_change_stream: The command reads a change stream.
    """
    found = []
    is_ending = command in _ENDINGS
    if "autocommit" in body and _is_transient(code, concern_code, is_ending=is_ending):
        found.append("TransientTransactionError")
    is_retryable_write = "txnNumber" in body and ("autocommit" not in body or is_ending)
    if is_retryable_write and (code in _RETRYABLE or concern_code in _RETRYABLE):
        found.append("RetryableWriteError")
        if concern_code is None and not is_ending:
            found.append("NoWritesPerformed")
    if is_change_stream and code in _RESUMABLE:
        found.append("ResumableChangeStreamError")
    return found


def is_change_stream(body: Document) -> bool:
    """The command opens a change stream."""
    stages = body.get("pipeline")
    return (
        isinstance(stages, list)
        and bool(stages)
        and isinstance(stages[0], dict)
        and "$changeStream" in stages[0]
    )


def _is_transient(code: int | None, concern_code: int | None, *, is_ending: bool) -> bool:
    if code == NO_SUCH_TRANSACTION:
        return not is_ending or concern_code is None
    return code in _TRANSIENT or (code in _RETRYABLE and not is_ending)
