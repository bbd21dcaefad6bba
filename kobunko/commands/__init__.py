"""The commands, by what people do with them. Each is thin: it opens a home, calls the library and shows the result."""
