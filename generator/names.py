"""Made-up names in the manner of the place, by number, so that they repeat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROAD_SUFFIX", "TUNNEL_OPERATORS", "place_name"]

_FIRST = "金长新东平安兴和文仁德华玉明清云星虹枫桂梅松竹莲春景永嘉善瑞宝盛百青石白"
_SECOND = "塘桥泾浜港湖江山园苑庄巷堰墩荡溪渚湾林泉阳丰隆宁福康乐平亭浦"
ROAD_SUFFIX = {"expressway": "快速路", "arterial": "大道", "secondary": "路", "branch": "街"}
TUNNEL_OPERATORS = ("苏州城投管廊运营有限公司", "园区管廊管理有限公司", "昆山管廊建设运营有限公司")


def place_name(number: NDArray[np.int64] | int) -> NDArray[np.str_]:
    """Return a two-character stem for each number; 1,110 differ before they repeat."""
    number = np.atleast_1d(np.asarray(number, np.int64))
    # A step prime to the count walks through all pairs without neighbours looking alike.
    mixed = (number * 397) % (len(_FIRST) * len(_SECOND))
    first = np.array(list(_FIRST))[mixed // len(_SECOND)]
    second = np.array(list(_SECOND))[mixed % len(_SECOND)]
    return np.char.add(first, second)
