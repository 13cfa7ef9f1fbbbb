"""$listClusterCatalog."""

import pytest


def _asked(engine, argument, target=1, **others):
    return engine(
        {
            "aggregate": target,
            "pipeline": [{"$listClusterCatalog": argument}],
            "cursor": {},
            **others,
        }
    )


def test_it_tells_collections_and_views_of_the_database(engine):
    engine({"create": "c", "validator": {"a": {"$gt": 1}}})
    engine({"create": "v", "viewOn": "c"})
    pipeline = [
        {"$listClusterCatalog": {}},
        {"$project": {"ns": 1, "type": 1, "options.viewOn": 1}},
    ]
    found = engine.documents({"aggregate": 1, "pipeline": pipeline, "cursor": {}})
    assert [(one["ns"], one["type"]) for one in found] == [
        ("test.c", "collection"),
        ("test.v", "view"),
    ]
    assert found[1]["options"] == {"viewOn": "c"}


@pytest.mark.parametrize(
    ("argument", "target", "code"),
    [(5, 1, 9621302), ({}, "c", 9621301), ({"shards": 1}, 1, 14), ({"other": True}, 1, 40415)],
)
def test_it_refuses_wrong_arguments_and_collections(engine, argument, target, code):
    assert _asked(engine, argument, target)["code"] == code


def test_it_takes_local_reads_alone(engine):
    assert _asked(engine, {}, readConcern={"level": "majority"})["code"] == 72
