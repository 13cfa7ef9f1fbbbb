"""A lending library whose parts were written for three databases, on one tenant: members in SQL, books in MongoDB, the desk in Redis."""
