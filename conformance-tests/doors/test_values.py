"""Types: what each door writes, each door reads and finds, in every home that data has."""

import pytest
from adaptors import HOMES, NAMES, READERS, WRITERS
from values import VALUES, Value

FIELDS = {value.name: value for value in VALUES}  # names with spaces, which need quoting


def fill(doors, home, writer):
    """Make a noun whose fields have had values of their types, and write one thing by a door."""
    doors.make(home, {name: value.column for name, value in FIELDS.items()})
    if (
        home != "table"
    ):  # what bytes of a hash become, and a column of SQL, depends on what a field has held
        held = {name: value.thing for name, value in FIELDS.items()}
        doors["things"].write(home, 99, **held | {"null": "x"})
    given = {name: value.of(writer) for name, value in FIELDS.items()}
    doors[writer].write(home, 1, **{n: v for n, v in given.items() if writer != "redis" or v is not None})  # fmt: skip


def is_seen(doors, home, reader, value: Value, fields) -> bool:
    """The reader has the value as it is to have it, and finds the thing by it."""
    expected, found = value.of(reader), fields.get(value.name)
    is_same = found == expected and (
        type(found) is type(expected) or isinstance(expected, bool | int)
    )
    if not is_same or (reader == "redis" and expected is None):
        return is_same
    return 1 in doors[reader].find(home, value.name, expected)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("home", HOMES)
def test_what_one_door_writes_another_reads_and_finds(doors, home, writer, reader):
    fill(doors, home, writer)
    fields = doors[reader].read(home, 1)
    seen = {value.name for value in VALUES if is_seen(doors, home, reader, value, fields)}
    gaps = {value.name for value in VALUES if value.gap(home, writer, reader)}
    assert seen == FIELDS.keys() - gaps  # a gap that is closed is to leave the list


@pytest.mark.parametrize("home", HOMES)
def test_types_in_sql_are_those_that_are_documented(doors, home):
    fill(doors, home, "things")
    sql = "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = %s::regclass and attnum > 0"
    shown = dict(doors["sql"].connection.execute(sql, [f'"{NAMES[home]}"']).fetchall())
    wanted = {name: value.sql_type for name, value in FIELDS.items() if value.thing is not None}
    assert {name: shown[name] for name in wanted} == wanted


@pytest.mark.parametrize("home", HOMES)
def test_types_in_mongo_are_those_that_are_documented(doors, home):
    fill(doors, home, "things")
    names = {"binData (subtype 4)": "binData"}
    stage = {f"t{at}": {"$type": f"${name}"} for at, name in enumerate(FIELDS)}
    (found,) = doors["mongo"].database[NAMES[home]].aggregate(
        [{"$match": {"_id": 1}}, {"$project": stage}]
    )  # fmt: skip
    shown = {name: found[f"t{at}"] for at, name in enumerate(FIELDS)}
    assert shown == {n: names.get(v.mongo_type, v.mongo_type) for n, v in FIELDS.items()}
