"""Functions that definitions use: known to whoever opens the file, through the package that offers them."""

import sys

import pytest

from dotdo import Home, registry
from dotdo.errors import CheckViolation, UnknownFunction
from dotdo.storage import Check, Column, Index, Noun, create_noun
from dotdo.storage.functions import functions_of
from dotdo.tenancy import Reference, open_tenant
from dotdo.tenancy.checkup import examine_branch

MODULE = """
from dotdo.registry import SqlFunction
asked = []
def find(name):
    asked.append(name)
    return {"toy_reverse": SqlFunction(lambda text: text and text[::-1], 1), "toy_is_even": SqlFunction(lambda n: n % 2 == 0, 1)}.get(name)
"""
WORDS = Noun(
    0,
    "word",
    "columns",
    "word",
    columns=(
        Column("id", "bigint", "id", is_nullable=False),
        Column("text", "text", "text", default="toy_reverse('cba')"),
        Column("back", "text", "back", generated='toy_reverse("text")'),
    ),
    key=("id",),
    rowid="id",
    checks=(Check("even", 'TOY_IS_EVEN("id") and (id > 0)'),),
    indexes=(Index("by_end", ("toy_reverse(lower(text)) desc",), where="length(text) > 0"),),
)


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """A package with functions, installed as a wheel would be; taken away again by `uninstall`."""
    (tmp_path / "toys.py").write_text(MODULE)
    metadata = tmp_path / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[dotdo.functions]\ntoy_ = toys:find\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toys", raising=False)
    registry._offers.cache_clear()

    def uninstall():
        monkeypatch.undo()
        registry._offers.cache_clear()

    yield uninstall
    registry._offers.cache_clear()


@pytest.fixture
def words(toys, home):
    shop = open_tenant("shop", home=home)
    create_noun(shop.store.session(), WORDS)
    home.close()
    return toys


def test_the_functions_that_definitions_use_are_found():
    quoted = Check(
        "q", """x = 'f(1)' and "g(2)" > h (3) and coalesce(x in (1), cast(x as text)) """
    )
    noun = Noun(0, "n", "columns", "n", checks=(quoted,))
    assert functions_of([noun, WORDS]) == {"h", "toy_reverse", "toy_is_even"}


def test_a_file_works_wherever_it_is_opened(words, home):
    for again in (home, Home(home.path)):
        shop = open_tenant("shop", home=again)
        with pytest.raises(CheckViolation):
            shop.things.create("word", 1, text="x")
        shop.things.create("word", text="Eva", id=2)
        shop.things.create("word", id=4)
        shop.things.update(("word", 2), text="Ada!")
        assert [w.back for w in shop.things.find("word", sort=[("id", 1)])] == ["!adA", "cba"]
        assert shop.at("~1").things.get("word", 2).back == "avE"
        branch = shop.branch(f"b{id(again)}")
        branch.things.create("word", id=6)
        shop.merge(branch.reference.branch)
        assert shop.things.get("word", 6).back == "cba"
        for key in (2, 4, 6):
            shop.things.delete(("word", key))
        again.close()


def test_the_doctor_knows_them(words, home):
    shop = open_tenant("shop", home=home)
    shop.things.create("word", text="x", id=2)
    findings = {f.check: f for f in examine_branch(home, Reference("shop"))}
    assert {f.level for f in findings.values()} == {"ok"}
    words()
    findings = {f.check: f for f in examine_branch(home, Reference("shop"))}
    assert findings["functions"].level == "problem"
    assert (
        "'toy_is_even'; no installed package offers the function 'toy_reverse'"
        in findings["functions"].message
    )


def test_a_function_that_nobody_offers_is_named_where_it_is_needed(words, home):
    words()
    shop = open_tenant("shop", home=home)
    shop.things.create("Doc", "d")
    assert shop.things.get("Doc", "d").id == "d"
    with pytest.raises(UnknownFunction, match="toy_"):
        shop.things.create("word", text="x", id=2)
    session = shop.store.session()
    with pytest.raises(UnknownFunction, match="toy_no_such"):
        create_noun(session, Noun(0, "n", "columns", "n", checks=(Check("c", "toy_no_such(1)"),)))
    assert "n" not in shop.nouns


def test_packages_are_not_loaded_for_files_that_need_no_functions(toys, shop):
    shop.nouns.define("Doc", index=["a"])
    shop.nouns.define("Row", {"a": "numeric(10,2)"}, index=["a"], search=["a"])
    shop.things.create("Row", a=1)
    assert "toys" not in sys.modules
