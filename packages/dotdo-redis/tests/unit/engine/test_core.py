"""How commands are found, queued, logged and watched."""

from dotdo_redis.errors import ExecAbort, ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY, OK, QUEUED


def text(reply: object) -> str:
    assert isinstance(reply, ReplyError)
    return reply.text


def test_an_unknown_command_shows_its_first_arguments(rig) -> None:
    expected = "ERR unknown command 'foo', with args beginning with: 'a' 'b' "
    assert text(rig("foo", "a", "b")) == expected


def test_a_wrong_number_of_words_names_the_command(rig) -> None:
    assert text(rig("get")) == "ERR wrong number of arguments for 'get' command"


def test_what_is_queued_runs_at_exec_and_is_logged_as_one_batch(rig) -> None:

    batches: list[int] = []
    rig.engine.journal = lambda _now, effects: batches.append(len(effects))
    assert rig("MULTI") == OK
    assert rig("SET", "a", 1) is QUEUED
    assert rig("SET", "b", 2) is QUEUED
    assert rig("EXEC") == [OK, OK]
    assert batches == [2]


def test_a_command_that_cannot_be_queued_aborts_the_transaction(rig) -> None:

    rig("MULTI")
    rig("GET")
    assert isinstance(rig("EXEC"), ExecAbort)
    assert text(rig("EXEC")) == "ERR EXEC without MULTI"


def test_exec_does_nothing_when_a_watched_key_changed(rig) -> None:

    rig("WATCH", "k")
    rig("SET", "k", 1, client=rig.other())
    rig("MULTI")
    rig("SET", "k", 2)
    assert rig("EXEC") is NULL_ARRAY
    assert rig("GET", "k") == b"1"


def test_a_time_to_live_is_logged_as_a_moment(rig) -> None:

    rig("SET", "k", "v", "EX", 10)
    assert rig.journal == [(b"SET", b"k", b"v", b"PXAT", b"1700000010000")]
    rig.pass_ms(10_001)
    assert rig.engine.tick() == 1
    assert rig.journal[1:] == [(b"DEL", b"k")]


def test_a_batch_is_one_entry_of_the_journal_and_stops_where_the_client_waits(rig):
    batches: list[int] = []
    rig.engine.journal = lambda _now, effects: batches.append(len(effects))
    replies: list[object] = []
    calls = [[b"SET", b"a", b"1"], [b"INCR", b"a"], [b"BLPOP", b"l", b"0"], [b"GET", b"a"]]
    ran, blocked = rig.engine.execute_many(rig.client, calls, replies)
    assert (ran, replies, batches) == (3, [OK, 2], [2])
    assert blocked is rig.client.blocked


def test_who_waits_is_served_between_the_commands_of_a_batch(rig):
    blocked = rig("BLPOP", "l", 0, client=rig.other())
    rig.engine.execute_many(rig.client, [[b"RPUSH", b"l", b"a"], [b"LPUSH", b"l", b"b"]], [])
    assert blocked.reply == [b"l", b"a"]


def test_a_batch_stops_where_the_protocol_changes(rig):
    replies: list[object] = []
    ran, _ = rig.engine.execute_many(rig.client, [[b"HELLO", b"3"], [b"PING"]], replies)
    assert (ran, len(replies)) == (1, 1)


def test_an_answer_is_told_once_it_is_in_the_journal(rig):
    told: list[str] = []
    rig.engine.journal = lambda _now, _effects: told.append("journal")
    blocked = rig("BLPOP", "l", 0, client=rig.other())
    blocked.on_done = lambda _blocked: told.append("reply")
    rig("RPUSH", "l", "a")
    assert told == ["journal", "reply"]


def test_keys_expire_without_ticks_and_outdated_deadlines_are_forgotten(rig):
    rig("SET", "gone", 1, "PX", 100)
    for number in range(3000):
        rig("SET", "k", number, "EX", 1000)
    rig.pass_ms(1500)
    rig("PING")
    database = rig.engine.databases[0]
    assert b"gone" not in database.keys
    assert len(database.deadlines.heap) < 2000
