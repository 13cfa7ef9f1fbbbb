"""The command as a process: exit codes, pipes, closed pipes, errors without tracebacks, JSON on standard output alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import dotdo_cli
from dotdo.serving import protocol_names
from dotdo_cli.main import app

DOTDO = [sys.executable, "-c", "from dotdo_cli.main import main; main()"]


def execute(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    return subprocess.run(
        [*DOTDO, *args],
        check=False,
        capture_output=True,
        encoding=encoding,
        env={**os.environ, **environment},
    )


def test_the_script_is_installed() -> None:
    script = Path(sys.executable).with_name("dotdo")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"dotdo {dotdo_cli.__version__}\n"


def test_results_go_to_standard_output_and_notes_to_standard_error(shop) -> None:
    done = execute("ls")
    assert (done.returncode, done.stdout.split()[0]) == (0, "TENANT")
    assert "\x1b" not in done.stdout + done.stderr
    assert "2 tenants" in done.stderr
    assert [t["tenant"] for t in json.loads(execute("ls", "--json").stdout)] == ["acme", "globex"]


def test_an_error_is_one_line_and_an_exit_code(folder) -> None:
    done = execute("show", "nobody")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"dotdo: tenant nobody does not exist in {folder}\n"
    assert json.loads(execute("show", "nobody", "--json").stdout) == {
        "error": {"kind": "UnknownTenant", "message": done.stderr[7:-1], "exit_code": 3}
    }


def test_a_reader_that_stops_is_no_error(shop) -> None:
    shop.acme.things.create_many("Many", ({"n": i, "text": "x" * 100} for i in range(5000)))
    with subprocess.Popen(
        [*DOTDO, "show", "acme", "Many", "--limit", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_locale_without_unicode_is_no_error(shop) -> None:
    shop.acme.things.create("Customer", name="Zoë 日本")
    done = execute("show", "acme", "Customer", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u65e5\\u672c" in done.stdout
    answer = json.loads(
        execute("show", "acme", "Customer", "--json", PYTHONIOENCODING="latin-1").stdout
    )
    assert answer["things"][-1]["fields"]["name"] == "Zoë 日本"


def test_a_fault_of_ours_is_one_line_unless_asked_for(run, folder, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr("dotdo_cli.settings.Settings.tenant", fail)
    outcome = run("log", "acme")
    assert (outcome.code, outcome.out) == (4, "")
    assert (
        outcome.err
        == "dotdo: internal error: ZeroDivisionError: by zero (DOTDO_DEBUG=1 shows where)\n"
    )
    monkeypatch.setenv("DOTDO_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        raise_through(monkeypatch)


def raise_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["dotdo", "log", "acme"])
    app()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_is_named(run, folder) -> None:
    folder.mkdir(mode=0o500)
    assert run("user", "add", "x", stdin="x\n").code == 4


def test_without_a_verb_help_is_shown_and_usage_is_the_outcome(run) -> None:
    outcome = run()
    assert outcome.code == 2
    assert "Exit codes" in outcome.out


@pytest.mark.parametrize("verb", sorted(get_command(app).commands))
def test_every_verb_has_help_with_examples_and_takes_json_and_home(run, verb) -> None:
    command = get_command(app).commands[verb]
    for each in getattr(command, "commands", {verb: command}).values():
        options = {name for p in each.params for name in p.opts}
        assert {"--json", "--home"} <= options
        assert (each.epilog or "").startswith("Examples:")
    assert run(verb, "--help").code == 0


def test_a_verb_that_does_not_exist_is_a_usage_error(run) -> None:
    outcome = run("shw", "--json")
    assert (outcome.code, outcome.document["error"]["kind"]) == (2, "UsageError")


def test_nothing_of_the_kernel_is_loaded_to_tell_the_version() -> None:
    code = "import sys\nfrom dotdo_cli.main import app\ntry: app(['--version'])\nexcept SystemExit: pass\nprint([m for m in ('dotdo', 'apsw', 'rich.table', 'asyncio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


DONE = [  # each verb where it succeeds, with its exit code
    (("ls",), 0), (("show", "acme"), 0), (("show", "acme", "Customer"), 0), (("show", "acme@~1", "Customer"), 0), (("log", "acme"), 0),
    (("log", "acme", "--changes"), 0), (("branch", "acme"), 0), (("branch", "acme", "new"), 0), (("diff", "acme", "trial"), 0), (("merge", "acme", "clash"), 1),
    (("merge", "acme", "trial"), 0), (("fork", "acme", "copy"), 0), (("compact", "globex"), 0), (("doctor",), 0), (("doctor", "acme"), 0), (("user", "ls"), 0),
]  # fmt: skip
FAILED = [  # and where it fails
    (("show", "nobody"), 3), (("show", "acme", "Nothing"), 3), (("show", "acme", "Customer", "zoe"), 3), (("show", "a/b"), 2),
    (("show", "acme@~999"), 3), (("show", "acme@x@y@z"), 2), (("log", "nobody"), 3), (("log", "acme", "--limit", "x"), 2), (("branch", "acme", "trial"), 4),
    (("branch", "acme", "v1"), 2), (("branch", "acme", "nothing", "--delete"), 3), (("diff", "acme", "nothing"), 3), (("merge", "acme", "nothing"), 3),
    (("fork", "acme", "globex"), 4), (("fork", "acme", "../x"), 2), (("compact", "acme@~1"), 4), (("doctor", "nobody"), 3), (("user", "rm", "nobody"), 3),
    (("user", "add", "x"), 2), (("serve", "mysql"), 3), (("serve", "--port", "x"), 2 if protocol_names() else 3), (("nothing",), 2), (("ls", "--nothing"), 2), (("show",), 2), (("ls", "acme"), 2),
]  # fmt: skip


@pytest.fixture
def branches(shop) -> None:
    """A branch that can be merged and one that cannot."""
    shop.acme.branch("trial").things.create("Customer", name="Zoe")
    shop.acme.branch("clash").things.update(("Customer", shop.alice), name="Theirs")
    shop.acme.things.update(("Customer", shop.alice), name="Ours")


@pytest.mark.usefixtures("branches")
@pytest.mark.parametrize(("args", "code"), DONE, ids=str)
def test_every_answer_is_one_json_document_when_that_is_asked_for(run, args, code) -> None:
    plain = run(*args)
    assert plain.code == code
    assert "Traceback" not in plain.out + plain.err
    if args[0] in {"branch", "merge", "fork", "compact"} and len(args) > 2:
        return  # done already
    outcome = run(*args, "--json")
    assert (outcome.code, outcome.err) == (code, "")
    assert outcome.document is not None


@pytest.mark.usefixtures("branches")
@pytest.mark.parametrize(("args", "code"), FAILED, ids=str)
def test_every_failure_is_told_with_its_exit_code(run, args, code) -> None:
    outcome = run(*args)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith("dotdo: ")
    assert outcome.err.count("\n") == 1
    told = run(*args, "--json").document["error"]
    assert (told["exit_code"], f"dotdo: {told['message']}\n") == (code, outcome.err)
