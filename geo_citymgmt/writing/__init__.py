"""Writing: whole or not at all, read back before it counts, nothing personal unless asked."""

from geo_citymgmt.writing._atomic import closed_folder, make_folder, whole_file, write_text
from geo_citymgmt.writing._columns import outgoing
from geo_citymgmt.writing._layers import losses, write_city, write_city_workbook, write_layer
from geo_citymgmt.writing._xlsx import Book, Column

__all__ = [
    "Book",
    "Column",
    "closed_folder",
    "losses",
    "make_folder",
    "outgoing",
    "whole_file",
    "write_city",
    "write_city_workbook",
    "write_layer",
    "write_text",
]
