"""$merge into other collections."""

import pytest
from pymongo.errors import OperationFailure


@pytest.mark.parametrize("mode", ["replace", "merge", [{"$set": {"_id": 5}}]])
def test_a_merge_cannot_change_the_id_of_what_it_matches(mongo, mode):
    mongo.t.c.insert_one({"_id": 1, "k": 1})
    mongo.t.d.insert_one({"_id": 9, "k": 1})
    mongo.t.d.create_index("k", unique=True)
    merge = {"into": "d", "on": "k", "whenMatched": mode}
    with pytest.raises(OperationFailure) as error:
        mongo.t.c.aggregate([{"$merge": merge}])
    assert error.value.code == 66
    mongo.t.c.aggregate([{"$project": {"_id": 0}}, {"$merge": merge | {"whenMatched": "merge"}}])
    assert list(mongo.t.d.find()) == [{"_id": 9, "k": 1}]
