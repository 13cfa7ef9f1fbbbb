"""Random calls as a server's COMMAND DOCS describe them, right and wrong ones."""

from random import Random

KEYS = {
    "string": [b"s1", b"s2", b"s3"],
    "bitmap": [b"s1", b"s2", b"s3"],
    "hash": [b"h1", b"h2"],
    "list": [b"l1", b"l2", b"l3"],
    "set": [b"t1", b"t2", b"t3"],
    "sorted-set": [b"z1", b"z2", b"z3"],
    "geo": [b"g1", b"g2"],
    "stream": [b"x1", b"x2"],
    "hyperloglog": [b"p1", b"p2"],
}
ALL_KEYS = sorted({key for keys in KEYS.values() for key in keys})
INTEGERS = [b"%d" % number for number in range(-3, 8)] * 4 + [
    b"100", b"-100", b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"4294967296", b"x", b"",
    b"1.5", b" 1", b"+1", b"01", b"2147483648",
]  # fmt: skip
DOUBLES = b"0 1 2 3 -1.5 2.5 3.25 1e3 inf -inf nan 0.1 3.0e-5 100000000000000000000 0x10 -0 1e308 x 10 50 200".split()
TEXTS = [
    b"a", b"b", b"m0", b"m1", b"m2", b"m3", b"0", b"1", b"2", b"-5", b"10", b"", b"x", b"abc", b"foobar" * 12, b"007",
    b"\x00\xff\x01", b"hello world", b"3.5", b"9223372036854775807", b"ohmytext", b"mynewtext",
]  # fmt: skip
IDS = b"1-1 2-0 3-3 3-* 5 4-1 9-9 0 0-0 x 1-x 7-* 6-1 2-1 18446744073709551615-18446744073709551615".split()
BOUNDS = b"- + 1-1 2 (1-1 (2 3-3 0 5 (5 + - x".split()
LEX = b"- + [m1 [m3 (m1 (m3 [a ( [ x m1 (a [b".split()
SCORES = b"-inf +inf 0 1 2 3 (1 (2 (0 2.5 ( x inf (inf (-inf nan".split()
PATTERNS = [
    b"*",
    b"s*",
    b"?1",
    b"[a-m]*",
    b"m*",
    b"w_*",
    b"#",
    b"h1->m1",
    b"x",
    b"\\*",
    b"[^a]*",
    b"",
]
GROUPS = [b"g", b"g2", b"nog"]
NAMED = {
    "pattern": PATTERNS,
    "by-pattern": PATTERNS,
    "get-pattern": PATTERNS,
    "encoding": [b"u8", b"i5", b"i64", b"u1", b"u63", b"u64", b"i0", b"x", b"u16"],
    "group": GROUPS,
    "groupname": GROUPS,
    "consumer": [b"c1", b"c2"],
    "consumername": [b"c1", b"c2"],
    "id": [*IDS, b"$", b">", b"-", b"+"],
    "lastid": IDS,
    "last-id": IDS,
    "max_deleted_entry_id": IDS,
    "max-deleted-id": IDS,
    "threshold": [b"0", b"1", b"2", b"3-3", b"-1", b"x"],
    "db": [b"0", b"1", b"0", b"1", b"99", b"x", b"-1"],
    "destination-db": [b"0", b"1", b"0", b"1", b"99", b"x"],
    "index1": [b"0", b"1", b"x"],
    "index2": [b"0", b"1", b"99"],
    "cursor": [b"0", b"0", b"0", b"x"],
    "protover": [b"2", b"3", b"4", b"x"],
    "unix-time-seconds": [b"0", b"-1", b"99999999999", b"9999999999999999", b"x"],
    "unix-time-milliseconds": [b"99999999999000", b"-1", b"0", b"9999999999999", b"x"],
    "seconds": [b"100", b"1000", b"0", b"-1", b"x", b"9223372036854775807", b"9223372036854775"],
    "milliseconds": [b"100000", b"0", b"-1", b"x", b"9223372036854775807"],
    "ttl": [b"0", b"100000", b"-1", b"x", b"0"],
    "min-idle-time": [b"0", b"0", b"100000", b"-1", b"x"],
    "ms": [b"0", b"1000", b"-1"],
    "timeout": [b"0", b"0", b"10", b"-1", b"x"],
    "longitude": [b"13.361389", b"15.087269", b"0", b"-180", b"181", b"x", b"2.5"],
    "latitude": [b"38.115556", b"37.502669", b"0", b"85", b"86", b"x", b"2.5"],
    "radius": [b"200", b"0", b"1000", b"-1", b"x", b"1e6"],
    "width": [b"400", b"0", b"-1", b"100000"],
    "height": [b"400", b"0", b"-1", b"100000"],
    "type": [b"string", b"list", b"zset", b"HASH", b"x", b"stream"],
    "channel": [b"ch", b"ch2"],
    "shardchannel": [b"ch", b"ch2"],
    "sha1": [b"x", b"0" * 40],
    "bit": [b"0", b"1", b"2", b"x"],
    "len": [b"0", b"3", b"-1"],
    "frequency": [b"0", b"255", b"256", b"-1"],
    "offset": [*INTEGERS[:14], b"#1", b"100", b"7", b"15", b"x"],
    "username": [b"default", b"nouser"],
    "categoryname": [b"string", b"hash", b"x"],
    "category": [b"string", b"hash", b"x"],
    "yes/no": [b"yes", b"no", b"x"],
    "value": TEXTS,
    "path": [b"$", b".", b"$.a"],
}
"""What a value is drawn from, by the name of the argument."""
BY_TYPE = {
    "integer": INTEGERS,
    "double": DOUBLES,
    "string": TEXTS,
    "pattern": PATTERNS,
    "unix-time": NAMED["unix-time-seconds"],
}
COUNTS = {"numkeys", "numfields", "numids"}
LEFT_OUT = {
    "acl", "asking", "auth", "bgrewriteaof", "bgsave", "client", "cluster", "command", "config", "debug", "failover",
    "hello", "info", "lastsave", "latency", "lolwut", "memory", "migrate", "module", "monitor", "multi", "pfdebug",
    "pfselftest", "psubscribe", "psync", "punsubscribe", "quit", "randomkey", "readonly", "readwrite", "replconf",
    "replicaof", "reset", "restore", "restore-asking", "role", "save", "script", "shutdown", "slaveof", "slowlog",
    "spop", "ssubscribe", "subscribe", "sunsubscribe", "sync", "time", "unsubscribe", "wait", "waitaof", "function",
    "eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro", "exec", "discard", "object freq",
    "object idletime", "object help", "pubsub help", "xgroup help", "xinfo help", "flushall", "hotkeys",
}  # fmt: skip
"""Commands that end or change the server, tell the moment, or are drawn by forms of their own."""


class Grammar:
    """The commands of a server and the calls they may be made with.

    Args:
        docs: name -> what COMMAND DOCS tells in RESP3.
        families: the groups of commands to draw from; all by default.
    """

    def __init__(self, docs: dict[str, dict], families: set[str] | None = None) -> None:
        self.commands: list[tuple[list[bytes], list[dict], str]] = []
        for name, facts in sorted(docs.items()):
            if name in LEFT_OUT or facts.get("group") == "module":
                continue
            if families is not None and facts["group"] not in families:
                continue
            inner = facts.get("subcommands")
            for full, one in sorted(inner.items()) if inner else [(name, facts)]:
                words = full.replace("|", " ")
                if words not in LEFT_OUT:
                    spelled = [word.encode() for word in words.split()]
                    self.commands.append((spelled, one.get("arguments", []), facts["group"]))

    def call(self, random: Random) -> list[bytes]:
        """Draw a call; one in eight is made wrong."""
        name, arguments, group = random.choice(self.commands)
        words = _Call(random, group, name).words(arguments)
        if random.random() < 0.125:
            _spoil(random, words, len(name))
        return words


class _Call:
    """One call in the making."""

    def __init__(self, random: Random, group: str, name: list[bytes]) -> None:
        self.random, self.group, self.name = random, group, name
        self.count: int | None = None
        self.made = list(name)

    def words(self, arguments: list[dict]) -> list[bytes]:
        for argument in arguments:
            self.make(argument)
        return self.made

    def make(self, argument: dict) -> None:
        random, flags = self.random, argument.get("flags", ())
        if "optional" in flags and random.random() < 0.6:
            return
        times = random.choice((1, 1, 2, 3)) if "multiple" in flags else 1
        if "multiple" in flags and self.count is not None and argument["name"] != "weight":
            times, self.count = self.count, None
        token = argument.get("token", "").encode()
        for turn in range(times):
            if (
                token
                and argument["type"] != "pure-token"
                and (turn == 0 or "multiple_token" in flags)
            ):
                self.made.append(token)
            self.one(argument, token)

    def one(self, argument: dict, token: bytes) -> None:
        kind = argument["type"]
        if kind == "pure-token":
            if self.name == [b"xadd"] and token == b"*":
                token = self.random.choice(IDS)  # what the clock says differs
            self.made.append(token if self.random.random() < 0.9 else token.lower())
        elif kind == "oneof":
            self.make(self.random.choice(argument["arguments"]))
        elif kind == "block":
            for inner in argument["arguments"]:
                self.make(inner)
        else:
            self.made.append(self.value(argument["name"], kind))

    def value(self, name: str, kind: str) -> bytes:
        random = self.random
        if name == "milliseconds" and self.group == "stream":
            return random.choice((b"0", b"0", b"100000", b"-1", b"x"))
        if name in COUNTS:
            self.count = random.choice((1, 2, 2, 3))
            return b"%d" % self.count if random.random() < 0.93 else random.choice(INTEGERS)
        if kind == "key":
            near = KEYS.get(self.group, ALL_KEYS)
            return random.choice(near if random.random() < 0.88 else ALL_KEYS)
        if name in {"start", "end", "min", "max", "stop"} and kind != "integer":
            return random.choice(self.bounds())
        return random.choice(NAMED.get(name) or BY_TYPE[kind])

    def bounds(self) -> list[bytes]:
        if self.group == "stream":
            return BOUNDS
        if any(b"LEX" in word.upper() for word in self.name):
            return LEX
        return SCORES + INTEGERS[:11] + (LEX if self.name[0].startswith(b"zrange") else [])


def _spoil(random: Random, words: list[bytes], least: int) -> None:
    """Drop, add, double or replace a word."""
    if len(words) == least:
        words.append(random.choice(TEXTS))
        return
    at = random.randrange(least, len(words))
    kind = random.randrange(4)
    if kind == 0:
        del words[at]
    elif kind == 1:
        words.insert(at, random.choice(TEXTS))
    elif kind == 2:
        words.append(words[at])
    else:
        words[at] = random.choice(INTEGERS)
