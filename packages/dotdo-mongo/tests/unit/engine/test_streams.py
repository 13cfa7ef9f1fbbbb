"""Change streams: events as they come, from where they were left."""


def watch(engine, collection="c", **options):
    stages = [{"$changeStream": options}]
    return engine({"aggregate": collection, "pipeline": stages, "cursor": {}})["cursor"]


def more(engine, cursor):
    from dotdo_mongo.mapping.codec import decode

    reply = engine({"getMore": cursor["id"], "collection": cursor["ns"].partition(".")[2]})[
        "cursor"
    ]
    engine.client.awaiting = None
    return [decode(item.raw) for item in reply["nextBatch"]]


def test_each_kind_of_write_is_told(engine):
    engine({"create": "c"})
    cursor = watch(engine)
    engine({"insert": "c", "documents": [{"_id": 1, "a": {"b": 1, "c": 2}}]})
    engine({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a.b": 5}, "$unset": {"a.c": 1}}}]})
    engine({"update": "c", "updates": [{"q": {}, "u": {"x": 1}}]})
    engine({"delete": "c", "deletes": [{"q": {}, "limit": 1}]})
    events = more(engine, cursor)
    assert [e["operationType"] for e in events] == ["insert", "update", "replace", "delete"]
    assert events[0]["fullDocument"] == {"_id": 1, "a": {"b": 1, "c": 2}}
    assert events[1]["updateDescription"] == {
        "updatedFields": {"a.b": 5},
        "removedFields": ["a.c"],
        "truncatedArrays": [],
    }
    assert events[3]["documentKey"] == {"_id": 1}
    assert all(e["ns"] == {"db": "test", "coll": "c"} for e in events)


def test_a_token_resumes_after_its_event(engine):
    engine({"create": "c"})
    cursor = watch(engine)
    engine({"insert": "c", "documents": [{"_id": n} for n in range(3)]})
    first = more(engine, cursor)[0]
    again = watch(engine, resumeAfter=first["_id"])
    from dotdo_mongo.mapping.codec import decode

    assert [decode(i.raw)["documentKey"] for i in again["firstBatch"]] == [{"_id": 1}, {"_id": 2}]


def test_a_drop_ends_the_stream(engine):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    cursor = watch(engine)
    engine({"drop": "c"})
    assert [e["operationType"] for e in more(engine, cursor)] == ["drop", "invalidate"]


def test_images_before_a_change_are_given_where_they_are_kept(engine):
    engine({"create": "c", "changeStreamPreAndPostImages": {"enabled": True}})
    engine({"insert": "c", "documents": [{"_id": 1, "a": 1}]})
    cursor = watch(engine, fullDocumentBeforeChange="required", fullDocument="required")
    engine({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 2}}}]})
    [event] = more(engine, cursor)
    assert (event["fullDocumentBeforeChange"]["a"], event["fullDocument"]["a"]) == (1, 2)


def test_an_empty_batch_asks_to_be_awaited(engine):
    engine({"create": "c"})
    cursor = watch(engine)
    engine({"getMore": cursor["id"], "collection": "c", "maxTimeMS": 10})
    assert engine.client.awaiting is not None


def test_a_broken_token_is_refused(engine):
    stages = [{"$changeStream": {"resumeAfter": {"_data": "nonsense"}}}]
    assert engine({"aggregate": "c", "pipeline": stages, "cursor": {}})["code"] == 50811
