"""Django's PostgreSQL, with a connection pool that asks the server nothing before each request."""
