"""Sorts by SQL: by an index where its values allow it, told by explain, and by Python where they do not."""

import pytest
from bson import Decimal128, ObjectId


@pytest.fixture
def people(mongo):
    people = mongo.shop.people
    people.create_index("age")
    people.insert_many([{"_id": n, "age": 50 - n, "name": f"n{n % 7}"} for n in range(300)])
    return people


def stages(cursor):
    """The names of the stages of a cursor's plan, from the top."""
    plan, found = cursor.explain()["queryPlanner"]["winningPlan"], []
    while plan is not None:
        found.append(plan["stage"])
        plan = plan.get("inputStage")
    return found


def test_an_index_gives_its_order(people):
    assert stages(people.find().sort("age", -1)) == ["FETCH", "IXSCAN"]
    assert stages(people.find().sort("_id", 1).limit(5)) == ["LIMIT", "FETCH", "IXSCAN"]
    assert stages(people.find().sort("name", 1)) == ["SORT", "COLLSCAN"]
    assert [each["_id"] for each in people.find().sort("age", 1).limit(3)] == [299, 298, 297]
    assert [each["_id"] for each in people.find().sort("age", -1)] == list(range(300))


@pytest.mark.parametrize("odd", [[1, 2], Decimal128("3"), True, {"a": 1}, float("nan")])
def test_a_value_that_sql_does_not_order_takes_the_order_from_it(people, odd):
    people.insert_one({"_id": "odd", "age": odd})
    assert stages(people.find().sort("age", 1)) == ["SORT", "COLLSCAN"]
    found = [each["_id"] for each in people.find().sort("age", 1)]
    assert len(found) == 301
    assert set(found) == {*range(300), "odd"}


def test_types_follow_each_other_as_in_bson(people):
    people.delete_many({})
    values = ["b", 2, None, ObjectId("5" * 24), 1.5, "a"]
    people.insert_many([{"_id": n, "age": value} for n, value in enumerate(values)])
    people.insert_one({"_id": 6})
    wanted = [2, 6, 4, 1, 5, 0, 3]
    assert [each["_id"] for each in people.find().sort("age", 1)] == wanted
    assert [each["_id"] for each in people.find().sort("age", 1).limit(4)] == wanted[:4]


def test_an_index_tells_whether_arrays_are_in_it(people):
    query = people.find({"age": 5})
    assert not query.explain()["queryPlanner"]["winningPlan"]["inputStage"]["isMultiKey"]
    people.insert_one({"age": [5, 6]})
    plan = people.find({"age": 5}).explain()["queryPlanner"]["winningPlan"]
    assert plan["inputStage"]["isMultiKey"]
    assert people.count_documents({"age": 5}) == 2
