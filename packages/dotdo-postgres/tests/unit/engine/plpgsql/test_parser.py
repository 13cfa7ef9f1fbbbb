"""PL/pgSQL bodies parsed: statements with their lines, names in force, errors of the grammar."""

import pytest

from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.compiling import Shape, compile_body
from dotdo_postgres.engine.plpgsql.tokens import tokens_of
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import types as t


def parsed(text: str, **shape: object) -> p.Body:
    return compile_body(text, Shape(**shape), None)  # type: ignore[arg-type]  # as the test says


def test_tokens_know_ranges_from_numbers() -> None:
    found = [token.value for token in tokens_of("1..2 1.5 x.y 'it''s' $$a;b$$ -- no\n<<l>> :=")]
    assert found == [
        "1",
        "..",
        "2",
        "1.5",
        "x",
        ".",
        "y",
        "'it''s'",
        "$$a;b$$",
        "<<",
        "l",
        ">>",
        ":=",
        "",
    ]


def test_statements_keep_their_lines() -> None:
    body = parsed(
        "\nbegin\n  perform 1;\n\n  if true then\n    null;\n    perform 2;\n  end if;\nend"
    )
    first, second = body.block.body
    assert (first.line, second.line) == (3, 5)
    assert isinstance(second, p.If)
    assert second.branches[0][1][0].line == 7


def test_into_is_cut_out_of_a_statement() -> None:
    body = parsed("declare a int; b int; begin select 1, 2 into strict a, b from t; end")
    statement = body.block.body[0]
    assert isinstance(statement, p.RunSql)
    assert statement.into is not None
    assert statement.into.is_strict
    assert [target.variable.name for target in statement.into.targets] == ["a", "b"]
    assert "into" not in statement.query.text


def test_inner_names_hide_outer_ones() -> None:
    body = parsed("<<o>> declare x int; begin declare x text; begin x := 'a'; o.x := 1; end; end")
    inner = body.block.body[0]
    assert isinstance(inner, p.Block)
    first, second = inner.body
    assert isinstance(first, p.Assign)
    assert isinstance(second, p.Assign)
    assert first.target.variable is inner.variables[0]
    assert second.target.variable is body.block.variables[0]


@pytest.mark.parametrize(
    ("text", "sqlstate", "message"),
    [
        ("begin x := 1; end", "42601", '"x" is not a known variable'),
        ("begin exit; end", "42601", "EXIT cannot be used outside a loop, unless it has a label"),
        ("begin raise nosuch; end", "42704", 'unrecognized exception condition "nosuch"'),
        ("begin raise '% %', 1; end", "42601", "too few parameters specified for RAISE"),
        (
            "declare c constant int := 1; begin c := 2; end",
            "22005",
            'variable "c" is declared CONSTANT',
        ),
        ("begin loop null; end loop", "42601", "syntax error at end of input"),
        ("begin return 'x", "42601", 'unterminated quoted string at or near "\'x"'),
    ],
)
def test_errors_are_those_of_postgres(text: str, sqlstate: str, message: str) -> None:
    with pytest.raises(PostgresError) as raised:
        parsed(text)
    assert (raised.value.sqlstate, raised.value.message) == (sqlstate, message)


def test_return_is_held_against_the_result() -> None:
    with pytest.raises(
        PostgresError, match="RETURN cannot have a parameter in function returning void"
    ):
        parsed("begin return 1; end")
    with pytest.raises(PostgresError, match="cannot use RETURN NEXT in a non-SETOF function"):
        parsed("begin return next 1; end", result=t.INT4)


def test_a_body_tells_whether_it_may_change_something() -> None:
    assert not parsed("declare x int; begin x := 1 + 2; perform x; end").writes
    assert parsed("begin insert into t values (1); end").writes
    assert parsed("begin perform nextval('s'); end").writes
    assert parsed("begin null; exception when others then null; end").writes
