"""A music shop written for PostgreSQL, on a tenant: the same SQL, with history, branches and events underneath."""
