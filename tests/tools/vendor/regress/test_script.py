"""psql's scripts taken apart: what is one statement, what is psql's own, what goes into it."""

from tools.vendor.regress.script import Meta, Script, Statement


def statements(text: str, **variables: str) -> list[str]:
    items = Script(text, dict(variables)).items()
    return [item.sql for item in items if isinstance(item, Statement)]


def test_semicolons_in_quotes_comments_and_parentheses_end_nothing() -> None:
    text = "select ';', $a$;$a$ /* ; */; create rule r as do (a; b); select 2 -- ;\n;"
    assert statements(text) == ["select ';', $a$;$a$", "create rule r as do (a; b)", "select 2"]


def test_a_backslash_before_a_string_marked_e_escapes_a_quote() -> None:
    assert statements(r"select E'a\'b;'; select 1;") == [r"select E'a\'b;'", "select 1"]


def test_variables_go_in_outside_of_quotes_only() -> None:
    text = "\\set b 2\nselect :b, :'a', ':b', x::int;"
    assert statements(text, a="it's") == ["select 2, 'it''s', ':b', x::int"]


def test_rows_of_a_copy_belong_to_it() -> None:
    items = list(Script("copy t from stdin;\n1\t2\n\\.\nselect 1;").items())
    assert items == [
        Statement("copy t from stdin", 1, data=("1\t2",)),
        Statement("select 1", 4),
    ]


def test_gset_ends_a_statement_and_other_lines_are_psqls_own() -> None:
    items = list(Script("\\pset null x\nselect 1 as a \\gset p_\n").items())
    assert items == [Meta("pset", "null x", 1), Statement("select 1 as a", 2, "gset", "p_")]


def test_what_a_condition_leaves_out_is_not_there() -> None:
    text = "\\if no\nselect 1;\n\\elif yes\nselect 2;\n\\else\nselect 3;\n\\endif\n"
    assert statements(text) == ["select 2"]
