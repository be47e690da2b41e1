"""Sources broken on purpose, byte by byte; counts what is lost without a word."""
