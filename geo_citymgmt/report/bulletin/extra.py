"""What the bulletin needs beside the package's own requirements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from geo_citymgmt.errors import CityDataError
from geo_citymgmt.words import Text

__all__ = ["needed"]


@contextmanager
def needed() -> Iterator[None]:
    """Turn a missing library into an error that names the extra to install."""
    try:
        yield
    except ImportError as error:
        raise CityDataError(
            Text(
                f"生成通报需要 {error.name}，尚未安装。",
                f"a bulletin needs {error.name}, which is not installed.",
            ),
            remedy=Text(
                '请安装附加组件：pip install "geo_citymgmt[bulletin]"。',
                'Install the extra: pip install "geo_citymgmt[bulletin]".',
            ),
        ) from error
