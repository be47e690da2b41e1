"""From a source (file, folder, frame) to a raw frame; says what it could not read."""

from geo_citymgmt.reading._raw import Raw
from geo_citymgmt.reading._source import read_raw

__all__ = ["Raw", "read_raw"]
