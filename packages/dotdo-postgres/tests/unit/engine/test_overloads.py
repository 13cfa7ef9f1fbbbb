"""Overload resolution: exact matches, preferred types, unknown literals."""

from dotdo_postgres.engine.overloads import Candidate, resolve_function, resolve_operator
from dotdo_postgres.mapping import types as t


def arguments(found: Candidate | str) -> tuple[int, ...]:
    assert isinstance(found, Candidate)
    return found.arguments


def test_unknown_operand_is_taken_for_the_type_of_the_other() -> None:
    assert arguments(resolve_operator("=", (t.DATE, t.UNKNOWN))) == (t.DATE, t.DATE)


def test_whole_numbers_are_raised_to_a_power_in_floating_point() -> None:
    assert arguments(resolve_operator("^", (t.INT4, t.INT4))) == (t.FLOAT8, t.FLOAT8)


def test_whole_number_beside_numeric_becomes_numeric() -> None:
    assert arguments(resolve_operator("+", (t.INT4, t.NUMERIC))) == (t.NUMERIC, t.NUMERIC)


def test_round_with_places_is_of_numeric_only() -> None:
    assert arguments(resolve_function("round", (t.INT4, t.INT4))) == (t.NUMERIC, t.INT4)
    assert resolve_function("round", (t.FLOAT8, t.INT4)) == "missing"


def test_two_unknown_operands_of_plus_are_ambiguous() -> None:
    assert resolve_operator("+", (t.UNKNOWN, t.UNKNOWN)) == "ambiguous"


def test_text_and_number_have_no_equality() -> None:
    assert resolve_operator("=", (t.TEXT, t.INT4)) == "missing"
