"""One random session of several clients, run on both sides step by step; the first difference is told with all that led to it."""

import time
from random import Random

from described_calls import ALL_KEYS, Grammar
from two_sides import OurConnection, RealConnection, new_engine, told

SCRIPTS = [
    b"return redis.call(unpack(ARGV))",
    b"local r = redis.pcall(unpack(ARGV)) if type(r) == 'table' and r.err then return {'failed', r.err} end return r",
    b"redis.setresp(3) return redis.call(unpack(ARGV))",
    b"redis.setresp(3) local r = redis.pcall(unpack(ARGV)) return {type(r), cjson.encode(type(r) == 'table' and #r or 0)}",
    b"local ok, e = pcall(redis.call, unpack(ARGV)) return {tostring(ok), type(e) == 'table' and e.err or type(e)}",
    b"#!lua flags=no-writes\nreturn redis.call(unpack(ARGV))",
    b"redis.call('set', KEYS[1], 'v') return redis.call(unpack(ARGV))",
    b"local t = redis.call(unpack(ARGV)) return cmsgpack.pack(t)",
    b"return {1, 2.9, 'x', false, true, {ok='fine'}, {err='My ERR'}, nil, 5}",
    b"return redis.error_reply(ARGV[1] or 'ERR x')",
    b"return redis.status_reply(ARGV[1])",
    b"return {KEYS[1], KEYS[2], #KEYS, #ARGV}",
    b"error({err='MY custom'})",
    b"error('text')",
    b"return nosuchglobal",
    b"nosuchglobal = 1",
    b"return tostring(nil) .. type(ARGV)",
    b"return redis.sha1hex(ARGV[1])",
    b"syntax error here",
]
UNORDERED = {
    b"SMEMBERS", b"SUNION", b"SINTER", b"SDIFF", b"KEYS", b"HKEYS", b"HVALS", b"SRANDMEMBER", b"ZRANDMEMBER",
    b"HRANDFIELD", b"HGETALL", b"SORT", b"SORT_RO", b"SSCAN", b"HSCAN", b"SCAN", b"ZSCAN", b"EVAL", b"EVAL_RO",
    b"PUBSUB", b"SPOP", b"DUMP",
}  # fmt: skip
DRAWN = {b"SRANDMEMBER", b"ZRANDMEMBER", b"HRANDFIELD"}
"""Commands whose reply is a draw: only its shape is the same."""
PASSING = {
    b"TTL",
    b"PTTL",
    b"EXPIRETIME",
    b"PEXPIRETIME",
    b"HPTTL",
    b"HTTL",
    b"HEXPIRETIME",
    b"HPEXPIRETIME",
}
MOMENTS = {
    b"idle",
    b"inactive",
    b"seen-time",
    b"active-time",
    b"radix-tree-keys",
    b"radix-tree-nodes",
}
TRANSACTION_WORDS = {b"EXEC", b"MULTI", b"DISCARD", b"RESET"}


class DifferenceError(AssertionError):
    """The sides answered, told or kept different things."""


def comparable(words, reply):
    """What of a reply is fixed: not the order of hash tables, nor moments, nor what is drawn."""
    name = words[0].upper() if words else b""
    if name.startswith((b"EVAL", b"FCALL")):
        inner = words[4:]
        return unordered(_masked(inner[0].upper() if inner else b"", reply))
    reply = _masked(name, reply)
    if name.endswith(b"SCAN") and _goes_on(name, words):
        return "scanned"
    if name == b"HELLO" and reply[0] in "%*":
        return reply[0]
    if name == b"DUMP" and reply[0] == "$" and reply[1] != b"-1":
        return "dumped"
    return (_OTHERS.get(name) or _same)(reply)


def _goes_on(name, words):
    """Whether a call of the SCAN family is in the middle: how far one turn goes is each one's own affair."""
    at = 1 if name == b"SCAN" else 2
    has_count = name == b"SCAN" and b"COUNT" in [word.upper() for word in words]
    return has_count or words[at : at + 1] not in ([b"0"], [b"x"])


def _same(reply):
    return reply


def _masked(name, reply):
    reply = as_numbers(reply)
    if name in PASSING:
        return soon(reply)
    return reply


def as_numbers(reply):
    mark, value = reply
    if mark == ",":
        return mark, float(value)
    return (mark, [as_numbers(item) for item in value]) if isinstance(value, list) else reply


def soon(reply):
    mark, value = reply
    if mark == ":" and int(value) > 0:
        return mark, b"soon"
    return (mark, [soon(item) for item in value]) if isinstance(value, list) else reply


def shape(reply):
    mark, value = reply
    if isinstance(value, list):
        return mark, len(value)
    return mark if mark in "$:," else reply


def unordered(reply):
    mark, value = reply
    if isinstance(value, list):
        return mark, sorted((unordered(item) for item in value), key=repr)
    return reply


def without_moments(reply):
    mark, value = reply
    if not isinstance(value, list):
        return reply
    items = []
    for at, item in enumerate(value):
        before = value[at - 1][1] if at else b""
        named = isinstance(before, bytes) and before in MOMENTS
        large = item[0] == ":" and (
            len(item[1]) >= 13 or at == 2
        )  # a delivery's time, an idle time
        items.append("moment" if named or large else without_moments(item))
    return mark, items


_OTHERS = {
    **dict.fromkeys(UNORDERED, unordered),
    **dict.fromkeys(DRAWN, shape),
    b"XINFO": without_moments,
    b"XPENDING": without_moments,
}


class Session:
    """Two clients, a listener to keyspace events and one that is told what it cached, on both sides.

    Args:
        address: of the real server, which is emptied.
        grammar: what calls are drawn from.
        release: what our engine says it is.
    """

    def __init__(self, address, grammar: Grammar, release: tuple[int, int, int]) -> None:
        self.address, self.grammar, self.release = address, grammar, release
        self.real = [RealConnection(address) for _ in range(4)]
        self.control = RealConnection(address)
        self.identities = [connection.ask(b"CLIENT", b"ID")[1] for connection in self.real]
        self.log: list = []

    def close(self) -> None:
        for connection in (*self.real, self.control):
            connection.close()

    def reset(self) -> None:
        for identity in self.identities:
            self.control.ask(b"CLIENT", b"UNBLOCK", identity)
        for connection in self.real:
            connection.close()
        self.real = [RealConnection(self.address) for _ in range(4)]
        self.identities = [connection.ask(b"CLIENT", b"ID")[1] for connection in self.real]
        self.engine = new_engine(self.release)
        self.ours = [OurConnection(self.engine) for _ in range(4)]
        self.log = []
        self.waiting: dict[int, list[bytes]] = {}
        self.queued: dict[int, list] = {}
        settings = [
            (b"FLUSHALL",),
            (b"FUNCTION", b"FLUSH"),
            (b"SCRIPT", b"FLUSH"),
            (b"CONFIG", b"SET", b"notify-keyspace-events", b"KEA"),
            (b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0"),
        ]
        for words in settings:
            self.control.ask(*words)
            self.engine.execute(self.ours[0].client, list(words))
        self.real[2].ask(b"HELLO", b"3")
        self.real[2].send(b"PSUBSCRIBE", b"__key*")
        self.ours[2].ask(b"HELLO", b"3")
        self.engine.execute(self.ours[2].client, [b"PSUBSCRIBE", b"__key*"])
        for connection in (self.real[3], self.ours[3]):
            connection.ask(b"HELLO", b"3")
            connection.ask(b"CLIENT", b"TRACKING", b"ON", b"BCAST")
        self.heard()

    def run(self, seed: int, steps: int = 40) -> None:
        """Run a session drawn from a seed.

        Raises:
            DifferenceError: the sides differ.
        """
        random = Random(seed)
        calls = [(1 if random.random() < 0.3 else 0, self.draw(random)) for _ in range(steps)]
        self.replay(calls)

    def replay(self, calls) -> None:
        """Run a session of given calls."""
        self.reset()
        for wanted, words in calls:
            free = [who for who in (wanted, 1 - wanted) if who not in self.waiting]
            if not free:
                break
            self.step(free[0], words)
        for who in list(self.waiting):
            self.control.ask(b"CLIENT", b"UNBLOCK", self.identities[who])
            number = b"%d" % self.ours[who].client.id
            self.engine.execute(self.ours[2].client, [b"RESET"])
            self.engine.execute(self.ours[2].client, [b"CLIENT", b"UNBLOCK", number])
            self.settle()
        for connection in (*self.real[:2], *self.ours[:2]):
            connection.ask(b"RESET")
        self.compare_contents()

    def draw(self, random: Random) -> list[bytes]:
        chance = random.random()
        words = self.grammar.call(random)
        if words[0] in {b"zrank", b"zrevrank"} and self.release < (7, 2, 0):
            words = words[:3]  # what newer ones take behind is refused only when it runs
        if chance < 0.03:
            return [random.choice([b"MULTI", b"MULTI", b"EXEC", b"DISCARD", b"UNWATCH"])]
        if chance < 0.05:
            return [b"EXEC"]
        if chance < 0.06:
            return [b"WATCH", random.choice(ALL_KEYS)]
        if chance < 0.10:
            script = random.choice(SCRIPTS)
            return [random.choice([b"EVAL", b"EVAL", b"EVAL_RO"]), script, b"1", b"s1", *words]
        if chance < 0.11:
            return [b"HELLO:", random.choice([b"2", b"3"])]
        if chance < 0.12:
            return [
                b"RESTORE:",
                random.choice(ALL_KEYS),
                random.choice(ALL_KEYS),
                random.choice([b"", b"REPLACE"]),
            ]
        if chance < 0.13:
            return [b"LAPSE:", random.choice(ALL_KEYS)]
        return words

    def step(self, who: int, words: list[bytes]) -> None:
        """Make one call on both sides and compare what it answers and what others are told."""
        if words[0] == b"LAPSE:":
            if who in self.queued or self.ours[who].client.queue is not None:
                return
            self.step(who, [b"PEXPIRE", words[1], b"1"])
            time.sleep(0.005)
            return
        if words[0] == b"HELLO:":
            if who in self.queued or self.ours[who].client.queue is not None:
                return  # each reply of a transaction would be in its own protocol
            words = [b"HELLO", words[1]]
        if words[0] == b"RESTORE:":
            payload = self.control.ask(b"DUMP", words[1])[1]
            if payload == b"-1":
                return
            words = [b"RESTORE", words[2], b"0", payload, *filter(None, words[3:])]
        self.log.append((who, words))
        ours = self.ours[who].ask(*words)
        self.real[who].send(*words)
        if ours is None:
            self.waiting[who] = words
            self.expect_blocked()
        else:
            self.compare(who, words, ours, self.receive(who))
        self.settle()
        self.compare_heard()

    def receive(self, who: int):
        try:
            return self.real[who].read()
        except TimeoutError:
            self.fail("the real one waits, ours answered")
        except EOFError:
            self.fail("the real one closed the connection")

    def compare(self, who: int, words, ours, theirs) -> None:
        name = words[0].upper()
        queue = self.queued.get(who)
        if name == b"EXEC" and isinstance(theirs[1], list) and isinstance(ours[1], list):
            mine = [comparable(w, r) for w, r in zip(queue or (), ours[1], strict=False)]
            other = [comparable(w, r) for w, r in zip(queue or (), theirs[1], strict=False)]
            same = mine == other and len(ours[1]) == len(theirs[1])
        else:
            same = comparable(words, ours) == comparable(words, theirs)
        if theirs == ("+", b"QUEUED"):
            self.queued.setdefault(who, []).append(words)
        if name in TRANSACTION_WORDS:
            self.queued.pop(who, None)
        if not same:
            self.fail(f"ours {ours}\n   real {theirs}")

    def expect_blocked(self) -> None:
        for _ in range(200):
            told_ = self.control.ask(b"INFO", b"clients")[1]
            if b"blocked_clients:%d\r\n" % len(self.waiting) in told_ + b"\r\n":
                return
            time.sleep(0.002)
        self.fail("ours waits, the real one does not")

    def settle(self) -> None:
        for who, words in list(self.waiting.items()):
            ours = self.ours[who].answer()
            if ours is not None:
                del self.waiting[who]
                self.compare(who, words, ours, self.receive(who))
        if self.waiting:
            self.expect_blocked()

    def heard(self):
        """What the two listeners were told since, on both sides."""
        events = []
        for at in (2, 3):
            self.real[at].ask(b"PING")
            theirs, self.real[at].pushes = self.real[at].pushes, []
            ours, self.ours[at].pushes[:] = list(self.ours[at].pushes), []
            events.append(([told(push, 3) for push in ours], theirs))
        return events

    def compare_heard(self) -> None:
        (ours, theirs), (ours_invalid, theirs_invalid) = self.heard()
        if [push[1][2:] for push in ours] != [push[1][2:] for push in theirs]:
            self.fail(f"events ours {shown(ours)}\n   real {shown(theirs)}")
        if named(ours_invalid) != named(theirs_invalid):
            self.fail(f"invalid ours {named(ours_invalid)}\n   real {named(theirs_invalid)}")

    def compare_contents(self) -> None:
        ask = self.ours[0].ask
        for index in (b"0", b"1"):
            for connection in (self.control, self.ours[0]):
                connection.ask(b"SELECT", index)
            keys = sorted(self.control.ask(b"KEYS", b"*")[1])
            if sorted(ask(b"KEYS", b"*")[1]) != keys:
                self.fail(f"keys ours {ask(b'KEYS', b'*')}\n   real {keys}")
            for _, key in keys:
                for words in contents_of(self.control.ask(b"TYPE", key)[1], key):
                    ours, theirs = (
                        comparable(words, ask(*words)),
                        comparable(words, self.control.ask(*words)),
                    )
                    if ours != theirs:
                        self.fail(f"left behind: {words}\n   ours {ours}\n   real {theirs}")
                if abs(int(ask(b"PTTL", key)[1]) - int(self.control.ask(b"PTTL", key)[1])) > 1000:
                    self.fail(f"left behind: time of {key}")
        self.control.ask(b"SELECT", b"0")

    def fail(self, text: str) -> None:
        raise DifferenceError(text)


def shown(pushes):
    return [b" ".join(part[1] for part in push[1][2:]) for push in pushes]


def named(pushes):
    return sorted(
        repr(push[1][1])
        for push in pushes
        if isinstance(push[1][1][1], list)
        for push in _single(push)
    )


def _single(push):
    return [(push[0], [push[1][0], key]) for key in push[1][1][1]]


def contents_of(kind: bytes, key: bytes):
    """Calls that tell all of a value."""
    calls = {
        b"string": [[b"GET", key]],
        b"list": [[b"LRANGE", key, b"0", b"-1"]],
        b"set": [[b"SMEMBERS", key]],
        b"zset": [[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]],
        b"hash": [[b"HGETALL", key]],
        b"stream": [[b"XRANGE", key, b"-", b"+"], [b"XINFO", b"STREAM", key, b"FULL"]],
    }
    return [[b"OBJECT", b"ENCODING", key], [b"TYPE", key], *calls.get(kind, [])]
