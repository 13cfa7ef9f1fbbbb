"""The catalogue, written for MongoDB: books as documents, searched and kept up to date."""

from typing import Any

import dotdo_mongo as pymongo
from dotdo_mongo import MongoClient

RULES = {"$jsonSchema": {"required": ["title", "copies"], "properties": {"copies": {"minimum": 0}}}}


def set_up(client: MongoClient[Any], database: str) -> None:
    """Make the collection with its rules."""
    books = client[database].create_collection("book", validator=RULES)
    books.create_index("isbn", unique=True, sparse=True)
    books.insert_many(
        [
            {"_id": "ulysses", "title": "Ulysses", "authors": ["Joyce"], "year": 1922, "copies": 2},
            {"_id": "dune", "title": "Dune", "authors": ["Herbert"], "year": 1965, "copies": 1},
            {"_id": "emma", "title": "Emma", "authors": ["Austen"], "year": 1815, "copies": 1},
        ]
    )


def older_than(client: MongoClient[Any], database: str, year: int) -> list[str]:
    """Return the titles of books from before a year."""
    found = client[database].book.find({"year": {"$lt": year}}).sort("year")
    return [book["title"] for book in found]


def is_taken(client: MongoClient[Any], database: str, isbn: str) -> bool:
    """Try to give a book a number that another one has."""
    try:
        client[database].book.update_one({"_id": "emma"}, {"$set": {"isbn": isbn}})
    except pymongo.errors.DuplicateKeyError:
        return True
    return False
