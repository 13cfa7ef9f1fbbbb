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


def expanded(mongo, **options):
    return mongo.t.c.watch(show_expanded_events=True, max_await_time_ms=50, **options)


def test_expanded_events_tell_of_definitions(mongo):
    mongo.t.c.insert_one({"_id": 1})
    mongo.t.d.insert_one({"_id": 1})
    with expanded(mongo) as stream:
        mongo.t.c.create_index("a", expireAfterSeconds=60)
        mongo.t.command("collMod", "c", index={"name": "a_1", "expireAfterSeconds": 90})
        mongo.t.c.drop_index("a_1")
        mongo.t.c.rename("d", dropTarget=True)
        made, altered, gone, renamed = (stream.next() for _ in range(4))
    kinds = [event["operationType"] for event in (made, altered, gone, renamed)]
    assert kinds == ["createIndexes", "modify", "dropIndexes", "rename"]
    assert made["operationDescription"]["indexes"][0]["key"] == {"a": 1}
    assert altered["operationDescription"]["index"] == {"name": "a_1", "expireAfterSeconds": 90}
    assert altered["stateBeforeChange"]["indexOptions"] == {"expireAfterSeconds": 60}
    assert set(renamed["operationDescription"]) == {"to", "dropTarget"}


def test_expanded_events_tell_ambiguous_paths(mongo):
    mongo.t.c.insert_one({"_id": 1, "a": {"1": 1}, "b": [{"2": 1}], "c": 1})
    with expanded(mongo) as stream:
        mongo.t.c.update_one({"_id": 1}, {"$set": {"a.1": 2, "b.0.2": 2, "c": 2}})
        paths = stream.next()["updateDescription"]["disambiguatedPaths"]
    assert paths == {"a.1": ["a", "1"], "b.0.2": ["b", 0, "2"]}


def test_large_events_are_split_and_resumed_between_their_parts(mongo):
    mongo.t.create_collection("c", changeStreamPreAndPostImages={"enabled": True})
    mongo.t.c.insert_one({"_id": 1, "text": "a" * (10 << 20)})
    split = [{"$changeStreamSplitLargeEvent": {}}]
    images = {"full_document_before_change": "required", "max_await_time_ms": 50}
    with mongo.t.c.watch(split, **images) as stream:
        mongo.t.c.update_one({"_id": 1}, {"$set": {"text": "b" * (10 << 20)}})
        first = stream.next()
        assert first["splitEvent"] == {"fragment": 1, "of": 2}
    with mongo.t.c.watch(split, resume_after=first["_id"], **images) as stream:
        second = stream.next()
    assert second["splitEvent"] == {"fragment": 2, "of": 2}
    assert {"fullDocumentBeforeChange", "updateDescription"} <= {*first, *second}
