"""Which filters SQL answers."""

import pytest
from bson import Code


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"v": Code("f")}, [3]),
        ({"v": {"$ne": Code("f")}}, [1, 2, 4]),
        ({"v": {"$nin": [Code("f"), "x"]}}, [1, 4]),
        ({"v": "f"}, [1]),
        ({"v": {"$ne": Code("f", {})}}, [1, 2, 3, 4]),
    ],
)
def test_code_is_no_text(engine, query, wanted):
    values = ["f", "x", Code("f"), 4]
    engine({"insert": "c", "documents": [{"_id": n, "v": v} for n, v in enumerate(values, 1)]})
    found = engine.documents({"find": "c", "filter": query, "sort": {"_id": 1}})
    assert [one["_id"] for one in found] == wanted
