"""The web service: lookup for people (HTML, Japanese first) and programs (JSON), read-only."""
