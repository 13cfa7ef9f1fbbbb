"""Types that extensions bring: their numbers here are fixed, and seen only where the extension was created."""

CITEXT, VECTOR = 15101, 15111

TYPES = {
    15101: ("citext", -1, "S", False, 0, 15102, "b", "citext"),
    15102: ("_citext", -1, "A", False, 15101, 0, "b", "citext[]"),
    15111: ("vector", -1, "U", False, 0, 15112, "b", "vector"),
    15112: ("_vector", -1, "A", False, 15111, 0, "b", "vector[]"),
}
"""As in `spec.types`: oid -> name, length, category, preferred, element, array, kind, SQL name."""

BY_EXTENSION = {"citext": (15101, 15102), "vector": (15111, 15112)}
"""Types of each extension."""

CASTS = {
    (CITEXT, 25): ("i", "b", 0), (CITEXT, 1043): ("i", "b", 0), (CITEXT, 1042): ("a", "b", 0),
    (25, CITEXT): ("a", "b", 0), (1043, CITEXT): ("a", "b", 0), (1042, CITEXT): ("a", "f", 0),
    (16, CITEXT): ("a", "i", 0), (869, CITEXT): ("a", "i", 0),
    (1007, VECTOR): ("a", "f", 0), (1021, VECTOR): ("a", "f", 0), (1022, VECTOR): ("a", "f", 0),
    (1231, VECTOR): ("a", "f", 0), (VECTOR, 1021): ("i", "f", 0),
}  # fmt: skip
"""As in `spec.casts`: (source, target) -> context, method, function."""

OPERATOR_CLASSES = {
    "btree": (("citext_ops", CITEXT, True), ("citext_pattern_ops", CITEXT, False), ("vector_ops", VECTOR, True)),
    "hash": (("citext_ops", CITEXT, True),),
    "gin": (("gin_trgm_ops", 25, False),),
    "gist": (("gist_trgm_ops", 25, False),),
    "ivfflat": (("vector_l2_ops", VECTOR, True), ("vector_ip_ops", VECTOR, False), ("vector_cosine_ops", VECTOR, False)),
    "hnsw": (
        ("vector_l2_ops", VECTOR, False), ("vector_ip_ops", VECTOR, False), ("vector_cosine_ops", VECTOR, False),
        ("vector_l1_ops", VECTOR, False),
    ),
}  # fmt: skip
"""Operator classes of extensions by access method: name, type, whether by default."""

OWNERS = {
    "citext_ops": "citext", "citext_pattern_ops": "citext", "gin_trgm_ops": "pg_trgm", "gist_trgm_ops": "pg_trgm",
    "vector_ops": "vector", "vector_l2_ops": "vector", "vector_ip_ops": "vector", "vector_cosine_ops": "vector",
    "vector_l1_ops": "vector",
}  # fmt: skip
"""The extension that brings each class."""

METHODS = {"ivfflat": (15121, "vector"), "hnsw": (15122, "vector")}
"""Access methods: number and extension; both only make approximate searches faster."""
