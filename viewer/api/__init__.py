"""The JSON API. Every answer comes from the same calls of the library as the pages."""
