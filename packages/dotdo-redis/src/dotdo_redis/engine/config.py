"""The parameters that CONFIG knows, with their defaults; it refuses where they are kept."""

from dotdo_redis.engine.notifications import LETTERS


class Config:
    """The values the engine itself reads; the table of all parameters belongs to the CONFIG command."""

    __slots__ = (
        "active_expire",
        "databases",
        "hash_max_listpack_entries",
        "hash_max_listpack_value",
        "is_lfu",
        "list_compress_depth",
        "list_max_listpack_size",
        "notify",
        "proto_max_bulk_len",
        "rdb_version",
        "release",
        "set_max_intset_entries",
        "set_max_listpack_entries",
        "set_max_listpack_value",
        "stream_node_max_bytes",
        "stream_node_max_entries",
        "zset_max_listpack_entries",
        "zset_max_listpack_value",
    )

    def __init__(self, release: tuple[int, int, int] = (7, 4, 1), databases: int = 16) -> None:
        """Take the release of Redis whose encodings and replies are shown."""
        self.release = release
        self.rdb_version = 10 if release < (7, 2, 0) else 11 if release < (7, 4, 0) else 12
        self.databases = databases
        self.active_expire = True
        self.is_lfu = False
        self.hash_max_listpack_entries = 512
        self.hash_max_listpack_value = 64
        self.list_compress_depth = 0
        self.list_max_listpack_size = -2
        self.set_max_intset_entries = 512
        self.set_max_listpack_entries = 128
        self.set_max_listpack_value = 64
        self.zset_max_listpack_entries = 128
        self.zset_max_listpack_value = 64
        self.proto_max_bulk_len = 512 * 1024 * 1024
        self.stream_node_max_entries = 100
        self.stream_node_max_bytes = 4096
        self.notify = 0

    def shows(self, major: int, minor: int) -> bool:
        """Whether the release is at least `major.minor`."""
        return self.release >= (major, minor, 0)


def notify_flags(letters: str) -> int | None:
    """Read `notify-keyspace-events`; None when a letter is unknown."""
    flags = 0
    for letter in letters.replace("A", "g$lshzxetd"):
        if letter not in LETTERS:
            return None
        flags |= LETTERS[letter]
    return flags
