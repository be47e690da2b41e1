"""Writers that are killed, run out of disk or meet each other: old or new, never partial."""
