"""Text for people: one line for each value, nothing a terminal would obey, plain columns in a pipe."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from dotdo.values import tagged
from dotdo_cli.output import Output, clean, iso, plural, short, size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (1.5, "1.5"),
        ("a b", "a b"),
        ("Zoë 日本", "Zoë 日本"),
        ("two\nlines\t\x1b[31mred", r"two\nlines\t\x1b[31mred"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (tagged(Decimal("9.90")), "9.90"),
        (tagged(b"\x00\xff"), r"\x00ff"),
        (tagged({"price": Decimal(1)}), '{"price": "1"}'),
        (tagged(datetime(2026, 1, 8, tzinfo=UTC)), "2026-01-08 00:00:00+00:00"),
    ],
)
def test_values_become_one_line_of_text(value: object, text: str) -> None:
    assert clean(value) == text


def test_times_are_utc_and_the_time_before_any_is_none() -> None:
    assert iso(1_767_830_400_000_001) == "2026-01-08T00:00:00.000001Z"
    assert short(iso(1_767_830_400_000_001)) == "2026-01-08 00:00:00"
    assert iso(0) is iso(None) is short(None) is None


def test_sizes_and_counts_are_rounded_and_counted() -> None:
    assert [size(n) for n in (0, 1023, 1024, 5 << 30)] == ["0 B", "1023 B", "1.0 KiB", "5.0 GiB"]
    assert [plural(n, "branch") for n in (1, 2)] == ["1 branch", "2 branches"]
    assert plural(1200, "thing") == "1,200 things"


def test_a_table_in_a_pipe_is_plain_and_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("name", "n"), [("Alice", 1), ("Bo\x1b[1m", None)])
    assert capsys.readouterr().out == "NAME       N\nAlice      1\nBo\\x1b[1m\n"


def test_a_table_without_rows_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("name",), [])
    assert not capsys.readouterr().out


def test_notes_are_left_out_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output(is_json=True).note("beside")
    Output().note("aside")
    assert capsys.readouterr().err == "aside\n"
