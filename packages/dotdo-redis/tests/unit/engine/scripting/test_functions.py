"""Libraries of functions: loading, calling, dumping."""

import pytest

from dotdo_redis.errors import ReplyError

CODE = "#!lua name=lib\nredis.register_function('f', function(k, a) return {k[1], a[1], redis.call('get', 'x')} end)"


def text(reply: object) -> str:
    assert isinstance(reply, ReplyError)
    return reply.text


def test_a_function_is_called_with_keys_and_arguments(rig) -> None:
    rig("SET", "x", "1")
    assert rig("FUNCTION", "LOAD", CODE) == b"lib"
    assert rig("FCALL", "f", 1, "k", "a") == [b"k", b"a", b"1"]


def test_libraries_survive_a_dump(rig) -> None:
    rig("FUNCTION", "LOAD", CODE)
    payload = rig("FUNCTION", "DUMP")
    rig("FUNCTION", "FLUSH")
    assert text(rig("FCALL", "f", 0)) == "ERR Function not found"
    rig("FUNCTION", "RESTORE", payload)
    assert rig("FCALL", "f", 1, "k", "a") == [b"k", b"a", None]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("return 1", "Missing library metadata"),
        ("#!js name=x\n", "Engine 'js' not found"),
        ("#!lua\n", "Library name was not given"),
        ("#!lua name=a-b\n", "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"),
        ("#!lua name=x\nreturn 1", "No functions registered"),
        ("#!lua name=x\nfoo bar", "Error compiling function: user_function:2: '=' expected near 'bar'"),
        ("#!lua name=x\nredis.call('ping')", "Error registering functions: user_function:2: Script attempted to access nonexistent global variable 'call'"),
    ],
)  # fmt: skip
def test_a_library_that_makes_no_sense_is_refused(rig, code, error) -> None:
    assert text(rig("FUNCTION", "LOAD", code)) == f"ERR {error}"


def test_a_failed_load_leaves_what_was_there(rig) -> None:
    rig("FUNCTION", "LOAD", CODE)
    assert text(rig("FUNCTION", "LOAD", CODE)) == "ERR Library 'lib' already exists"
    other = CODE.replace("name=lib", "name=other")
    assert text(rig("FUNCTION", "LOAD", other)) == "ERR Function f already exists"
    assert rig("FCALL", "f", 1, "k", "a") == [b"k", b"a", None]


def test_a_function_without_the_flag_is_not_read_only(rig) -> None:
    rig("FUNCTION", "LOAD", CODE)
    assert text(rig("FCALL_RO", "f", 0)) == (
        "ERR Can not execute a script with write flag using *_ro command."
    )
