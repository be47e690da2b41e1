"""The command line. Exit 0 done, 3 done with rejects or errors, 2 could not be done."""

from __future__ import annotations

from geo_citymgmt.cli._commands import main

__all__ = ["main"]
