"""The examples at the end of a verb's help."""


def examples(*lines: str) -> str:
    """Return the epilog that lists command lines, each on a line of its own."""
    return "\n\n".join(["Examples:", *lines])
