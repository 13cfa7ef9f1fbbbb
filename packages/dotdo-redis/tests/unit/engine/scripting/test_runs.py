"""What scripts may do, what they get, and how hostile ones end."""

import pytest

from dotdo_redis.engine import Blocked
from dotdo_redis.errors import Busy, ReplyError
from dotdo_redis.mapping.replies import OK


def text(reply: object) -> str:
    assert isinstance(reply, ReplyError)
    return reply.text


def ends(rig, script: str) -> str:
    """The text with which a script ends, without where it was."""
    return text(rig("EVAL", script, 0)).partition(" script: ")[0]


@pytest.mark.parametrize(
    ("script", "reply"),
    [
        ("return 1", 1),
        ("return 3.9", 3),
        ("return 'a'", b"a"),
        ("return true", 1),
        ("return false", None),
        ("return nil", None),
        ("return {1,{2,'x'},nil,4}", [1, [2, b"x"]]),
        ("return {ok='fine'}", b"fine"),
        ("return redis.call('set','k','v').ok", b"OK"),
        ("return redis.call('get','nosuch') == false", 1),
        ("return {KEYS, ARGV}", [[], []]),
        ("return type(redis.call('incr','n'))", b"number"),
        ("return cjson.encode({1,2,{a='x/y'}})", b'[1,2,{"a":"x\\/y"}]'),
        ("return cjson.decode('[1,{\"a\":null}]')[2].a == cjson.null", 1),
        ("return cmsgpack.unpack(cmsgpack.pack({a={1,2.5,'x'}})).a[3]", b"x"),
        ("return {struct.unpack('>I2s', struct.pack('>I2s', 258, 'ab'))}", [258, b"ab", 6]),
        ("return {bit.band(6,3), bit.lshift(1,4), bit.tohex(255)}", [2, 16, b"000000ff"]),
        ("return redis.sha1hex('')", b"da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("return ('x'):rep(3)", b"xxx"),
        ("local t = {} for k in pairs(redis) do t[#t+1] = k end return #t > 10", 1),
    ],
)  # fmt: skip
def test_a_script_gives_a_reply(rig, script, reply) -> None:
    assert rig("EVAL", script, 0) == reply


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("return nosuch", "ERR user_script:1: Script attempted to access nonexistent global variable 'nosuch'"),
        ("a = 1", "ERR user_script:1: Attempt to modify a readonly table"),
        ("redis.call = 1", "ERR user_script:1: Attempt to modify a readonly table"),
        ("setmetatable(_G, {})", "ERR user_script:1: Attempt to modify a readonly table"),
        ("getmetatable(_G).__index = {}", "ERR user_script:1: Attempt to modify a readonly table"),
        ("rawset(string, 'x', 1)", "ERR user_script:1: Attempt to modify a readonly table"),
        ("table.insert(string, 1)", "ERR user_script:1: Attempt to modify a readonly table"),
        ("local x = redis.call('nosuch') return x", "ERR Unknown Redis command called from script"),
        ("redis.call('get')", "ERR Wrong number of args calling Redis command from script"),
        ("redis.call('subscribe','x')", "ERR This Redis command is not allowed from script"),
        ("redis.call('set','k',{})", "ERR Lua redis lib command arguments must be strings or integers"),
        ("error('boom')", "ERR user_script:1: boom"),
        ("error({err='MY words'})", "MY words"),
    ],
)  # fmt: skip
def test_a_script_that_goes_wrong_ends_by_an_error(rig, script, end) -> None:
    assert ends(rig, script) == end


@pytest.mark.parametrize(
    "name",
    ["io", "require", "dofile", "loadfile", "print", "debug", "package", "module", "python", "setfenv", "getfenv"],
)  # fmt: skip
def test_files_processes_and_the_host_are_out_of_reach(rig, name) -> None:
    assert f"nonexistent global variable '{name}'" in ends(rig, f"return {name}")


@pytest.mark.parametrize("name", ["execute", "remove", "getenv", "exit", "tmpname"])
def test_of_the_operating_system_there_is_the_clock_alone(rig, name) -> None:
    assert rig("EVAL", f"return os.{name} == nil", 0) == 1


def test_no_binary_code_is_loaded(rig) -> None:
    assert rig("EVAL", "return loadstring(string.dump(function() end)) == nil", 0) == 1


def test_what_a_script_loads_stays_in_the_sandbox(rig) -> None:
    script = "return loadstring('return io')()"
    assert "nonexistent global variable 'io'" in ends(rig, script)


@pytest.mark.parametrize(
    "script",
    [
        "return string.rep('x', 1e10)",
        "local t = {} while true do t[#t+1] = string.rep('x', 100000) .. #t end",
    ],
)
def test_memory_is_bounded_and_the_next_script_runs(rig, script) -> None:
    assert "not enough memory" in ends(rig, script)
    assert rig("EVAL", "return 1", 0) == 1


def test_effects_are_one_batch_without_the_script(rig) -> None:
    batches: list[list[tuple[bytes, ...]]] = []
    rig.engine.journal = lambda _now, effects: batches.append([words for _, words in effects])
    rig("EVAL", "redis.call('set','a',1) redis.call('incr','a')", 0)
    assert batches == [[(b"set", b"a", b"1"), (b"incr", b"a")]]


def test_a_database_selected_inside_is_left_again(rig) -> None:
    rig("EVAL", "redis.call('select', 3) redis.call('set', 'k', 'v')", 0)
    assert rig("GET", "k") is None


class Endless:
    """A script that never ends, on an engine with a beat."""

    def __init__(self, rig, script: str = "while true do end") -> None:
        self.rig = rig
        rig.engine.instance.runner.has_beat = True
        rig("CONFIG", "SET", "busy-reply-threshold", 1)
        clock = rig.engine.clock
        steps = iter(range(10**9))
        rig.engine.clock = lambda: clock() + next(steps) * 1000
        self.blocked = rig("EVAL", script, 0)


def test_a_script_that_never_ends_is_put_aside_and_killed(rig) -> None:
    endless = Endless(rig)
    assert isinstance(endless.blocked, Blocked)
    other = rig.other()
    assert isinstance(rig("GET", "k", client=other), Busy)
    rig.engine.tick()
    assert not endless.blocked.done
    assert rig("SCRIPT", "KILL", client=other) == OK
    rig.engine.tick()
    assert "Script killed by user with SCRIPT KILL" in text(endless.blocked.reply)
    assert rig("GET", "k", client=other) is None


@pytest.mark.parametrize(
    "script",
    [
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
    ],
)
def test_neither_pcall_nor_a_coroutine_saves_a_script_from_being_killed(rig, script) -> None:
    endless = Endless(rig, script)
    assert rig("SCRIPT", "KILL", client=rig.other()) == OK
    rig.engine.tick()
    assert endless.blocked.done


def test_a_script_that_has_written_is_not_killed(rig) -> None:
    Endless(rig, "redis.call('set','k',1) while true do end")
    assert text(rig("SCRIPT", "KILL", client=rig.other())).startswith("UNKILLABLE ")


def test_without_a_beat_a_script_that_never_ends_is_stopped(rig) -> None:
    clock = rig.engine.clock
    steps = iter(range(10**9))
    rig.engine.clock = lambda: clock() + next(steps) * 1_000_000
    assert "ran for longer than is allowed" in text(rig("EVAL", "while true do end", 0))


def test_a_handler_that_never_ends_is_stopped(rig):
    runner = rig.engine.instance.runner
    moments = iter(range(0, 10**9, 40_000))
    rig.engine.clock = lambda: rig.time_us + next(moments)
    assert not runner.has_beat
    endless = "function() while true do end end"
    reply = rig("EVAL", f"return xpcall({endless}, {endless})", 0)
    assert "longer than is allowed" in reply.text


def test_a_failed_call_is_handed_to_its_handler(rig):
    script = "local ok, text = xpcall(function() error('x', 0) end, function(e) return e .. '!' end) return {ok == false, text}"
    assert rig("EVAL", script, 0) == [1, b"x!"]
    assert rig("EVAL", "return {xpcall(function() return 1, 2 end, error)}", 0) == [1, 1, 2]


def test_finalizers_are_refused(rig):
    reply = rig("EVAL", "local p = newproxy(true) getmetatable(p).__gc = function() end", 0)
    assert "finalizers are not allowed" in reply.text
    assert (
        rig("EVAL", "local p = newproxy(true) getmetatable(p).__index = {a = 5} return p.a", 0) == 5
    )


def test_an_error_is_not_spelled_by_a_function_of_its_own(rig):
    endless = "setmetatable({}, {__tostring = function() while true do end end})"
    assert rig("EVAL", f"error({{err = {endless}}})", 0).text.startswith("table ")
