"""The history of the database's tables, applied when the service starts."""
