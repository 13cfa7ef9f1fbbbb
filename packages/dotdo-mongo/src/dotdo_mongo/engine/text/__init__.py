"""$text: words of documents by a text index, stemmed, weighed and scored."""

from dotdo_mongo.engine.text.matcher import text_of

__all__ = ["text_of"]
