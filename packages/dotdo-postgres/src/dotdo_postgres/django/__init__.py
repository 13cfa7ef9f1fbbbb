"""The Django database backend `dotdo_postgres.django`: PostgreSQL's, over tenants in the same process."""
