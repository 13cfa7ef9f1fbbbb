"""Bitwise query operators."""

from bson import Binary

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match


def test_binary_data_of_subtype_2_begins_with_its_length():
    document = {"a": Binary(b"\x06", 2)}
    assert compile_match({"a": {"$bitsAllSet": [0]}}, Context())(document)
    assert not compile_match({"a": {"$bitsAllSet": [1]}}, Context())(document)
