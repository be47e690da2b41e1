"""Generator of the sample: a synthetic Suzhou whose figures are those of the published document.

District outlines come from open data; streets are schematic; every record is made up. What the
document says, the records say: to the unit, at the date of the data, through dates and events.
It stands beside the package and is no part of it: ``python -m generator -o FOLDER``.

Examples
--------
>>> from generator import packaged_districts
>>> packaged_districts()["name_zh"].tolist()[:3]
['姑苏区', '高新区（虎丘区）', '吴中区']
"""

from generator.city import Sample, build_sample
from generator.files import write_sample
from generator.places import packaged_districts, packaged_land, packaged_streets

__all__ = [
    "Sample", "build_sample", "packaged_districts", "packaged_land", "packaged_streets",
    "write_sample",
]  # fmt: skip
