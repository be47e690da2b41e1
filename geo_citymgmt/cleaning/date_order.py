"""Dates that name no order: 06/30/2022, 01.02.22. A column settles it, or is asked about.

An order that fits every such date of a column, where no other does, is that of the column. Where
several fit, a date is read only if they all give the same day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geo_citymgmt.errors import SpecError
from geo_citymgmt.spec import LayerSpec
from geo_citymgmt.words import Text

__all__ = ["ORDERS", "OrderedDate", "check_date_order", "long_year", "settle"]

#: How the orders are called before people.
ORDERS = {
    "mdy": Text("月/日/年", "month, day, year"),
    "dmy": Text("日/月/年", "day, month, year"),
    "ymd": Text("年/月/日", "year, month, day"),
}
#: Years of two digits from here on are of the last century, as in POSIX.
_PIVOT = 69


@dataclass(frozen=True)
class OrderedDate:
    """Three numbers of a date, in the order they are written; the last has two or four digits."""

    first: int
    second: int
    third: int
    has_long_year: bool

    def days(self) -> dict[str, dt.date]:
        """Return the day that each order gives that makes one.

        Examples
        --------
        >>> sorted(OrderedDate(6, 30, 2022, True).days()), len(OrderedDate(6, 5, 22, False).days())
        (['mdy'], 3)
        """
        a, b, c = self.first, self.second, self.third
        year = c if self.has_long_year else long_year(c)
        readings = {"mdy": (year, a, b), "dmy": (year, b, a)}
        if not self.has_long_year:
            readings["ymd"] = (long_year(a), b, c)
        days: dict[str, dt.date] = {}
        for order, parts in readings.items():
            try:
                days[order] = dt.date(*parts)
            except ValueError:
                continue
        return days


def long_year(year: int) -> int:
    """Return the year that two digits stand for.

    Examples
    --------
    >>> long_year(22), long_year(98)
    (2022, 1998)
    """
    return year + (2000 if year < _PIVOT else 1900)


def settle(
    dates: Sequence[OrderedDate], order: str | None = None
) -> tuple[str, list[dt.date | None]]:
    """Return the order of a column, empty where it is not settled, and the day of each date.

    Parameters
    ----------
    dates : sequence of OrderedDate
        Distinct dates of the column.
    order : {"mdy", "dmy", "ymd"}, optional
        What the office says it is: nothing is concluded then.

    Examples
    --------
    >>> us = [OrderedDate(6, 30, 2022, True), OrderedDate(1, 2, 2022, True)]
    >>> settle(us)[0], str(settle(us)[1][1])
    ('mdy', '2022-01-02')
    >>> settle(us[1:])
    ('', [None])
    """
    readings = [date.days() for date in dates]
    if order is None:
        common = set(ORDERS)
        for days in readings:
            # What is a day in no order is a slip of its own.
            common = common & set(days) if days else common
        order = next(iter(common)) if len(common) == 1 else ""
    if order:
        return order, [days.get(order) for days in readings]
    return "", [_only(list(days.values())) for days in readings]


def check_date_order(given: Mapping[str, str] | None, spec: LayerSpec) -> None:
    """Refuse an order that is none, or of a field that holds no dates.

    Raises
    ------
    SpecError
        The field and the orders are named.
    """
    for name, order in (given or {}).items():
        item = spec.fields.get(name)
        if item is None or item.type not in ("date", "datetime") or order not in ORDERS:
            dates = [n for n, f in spec.fields.items() if f.type in ("date", "datetime")]
            raise SpecError(
                Text(
                    f"date_order：{name} = {order!r} 不能用于图层“{spec.name_zh}”。",
                    f"date_order: {name} = {order!r} is not for the layer {spec.key}.",
                ),
                remedy=Text(
                    f"请写 {'、'.join(dates)} 之一，值为 {'、'.join(ORDERS)} 之一。",
                    f"Name one of {', '.join(dates)}, and one of {', '.join(ORDERS)} as its order.",
                ),
            )


def _only(days: Sequence[dt.date]) -> dt.date | None:
    return days[0] if len(set(days)) == 1 else None
