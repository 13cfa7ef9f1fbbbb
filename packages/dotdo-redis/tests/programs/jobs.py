"""What the workers of the queues are asked to do."""


def add(one: int, other: int) -> int:
    return one + other


def fail() -> None:
    raise ValueError("no")
