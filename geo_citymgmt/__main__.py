"""Run the command line with ``python -m geo_citymgmt``."""

from geo_citymgmt.cli import main

main()
