"""Pure functions from a file's bytes to values: no database, no store, no settings."""
