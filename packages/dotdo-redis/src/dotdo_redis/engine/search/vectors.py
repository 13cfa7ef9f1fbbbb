"""Vectors of an index's documents and their distances; it refuses to approximate."""

from typing import Any

from dotdo_redis.engine.search.schema import Field
from dotdo_redis.engine.search.values import Unindexable
from dotdo_redis.engine.vectors.arrays import numpy

_SIZES = {"FLOAT32": 4, "FLOAT64": 8, "FLOAT16": 2, "BFLOAT16": 2, "INT8": 1, "UINT8": 1}


def read_blob(blob: bytes, kind: str) -> Any:
    """Read the numbers of a blob.

    Raises:
        ValueError: it is no whole number of them.
    """
    np = numpy()
    if kind == "BFLOAT16":
        halves = np.frombuffer(blob, "<u2").astype(np.uint32) << 16
        return halves.view(np.float32).astype(np.float64)
    name = {"FLOAT32": "<f4", "FLOAT64": "<f8", "FLOAT16": "<f2", "INT8": "i1", "UINT8": "u1"}[kind]
    return np.frombuffer(blob, name).astype(np.float64)


class Vectors:
    """The vectors of one field."""

    __slots__ = ("dimension", "documents", "field", "kind", "matrix", "metric", "rows")

    def __init__(self, field: Field) -> None:
        self.field = field
        self.dimension = int(field.parameters.get("DIM", "0"))
        self.kind = field.parameters.get("TYPE", "FLOAT32").upper()
        self.metric = field.parameters.get("DISTANCE_METRIC", "L2").upper()
        self.rows: dict[int, Any] = {}
        self.matrix: Any = None
        self.documents: list[int] = []

    @property
    def size_bytes(self) -> int:
        """Of one vector."""
        return self.dimension * _SIZES[self.kind]

    def put(self, document: int, value: Any) -> None:
        """Take a document's vector.

        Raises:
            Unindexable: it is none of this size.
        """
        np = numpy()
        if isinstance(value, bytes):
            if len(value) != self.size_bytes:
                raise Unindexable(self.field.name)
            vector = read_blob(value, self.kind)
        else:
            try:
                vector = np.array(value, np.float64)
            except (TypeError, ValueError):
                raise Unindexable(self.field.name) from None
            if vector.shape != (self.dimension,):
                raise Unindexable(self.field.name)
        self.rows[document] = vector
        self.matrix = None

    def drop(self, document: int) -> None:
        """Forget a document's vector."""
        if self.rows.pop(document, None) is not None:
            self.matrix = None

    def distances(self, vector: Any, allowed: set[int] | None) -> list[tuple[float, int]]:
        """The distance of each document, of those allowed, the nearest first."""
        np = numpy()
        if not self.rows:
            return []
        if self.matrix is None:
            self.documents = list(self.rows)
            self.matrix = np.stack([self.rows[one] for one in self.documents])
        if self.metric == "L2":
            found = ((self.matrix - vector) ** 2).sum(axis=1)
        else:
            found = self.matrix @ vector
            if self.metric == "COSINE":
                norms = np.linalg.norm(self.matrix, axis=1) * np.linalg.norm(vector)
                found = np.divide(found, norms, out=np.zeros_like(found), where=norms > 0)
            found = 1 - found
        if self.kind != "FLOAT64":
            found = found.astype(np.float32).astype(np.float64)
        pairs = zip(found.tolist(), self.documents, strict=True)
        return sorted(pair for pair in pairs if allowed is None or pair[1] in allowed)
