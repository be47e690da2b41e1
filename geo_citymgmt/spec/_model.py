"""What a layer file says, as plain immutable objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geo_citymgmt._options import check_lang

_DATES = ("date", "datetime")


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a code list with its labels."""

    zh: str
    en: str
    synonyms: tuple[str, ...] = ()
    #: Class and kind in the national list of parts, of which it is digits 7 to 10 of a part's code.
    part: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a layer.

    See Also
    --------
    LayerSpec
    """

    name: str
    zh: str
    en: str
    dbf: str
    type: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    codes: Mapping[str, Code] = field(default_factory=dict)
    personal: bool = False
    plan: bool = False
    figures: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    at_most: str | None = None
    at_least: str | None = None
    geometry: str | None = None
    tolerance: float | None = None
    #: Whether an empty value says "none of it", as that of a list a case is on; else it says
    #: nothing, and figures that need the field do not know about the record.
    may_be_empty: bool = False
    #: "public" or "internal"; see :attr:`is_public`.
    release: str = ""
    #: What values of a text look like (a regular expression for the whole of each), where they tell
    #: the field from another.
    looks: str = ""
    #: Between what most values of a measured field lie, in its unit: a column that lies there in
    #: another unit, and in one alone, is in that.
    usual: tuple[float, float] | None = None
    #: Whether a record without a value is told.
    required: bool = False
    #: Of a date that is a "month" or a "year" by its nature: one without a day is not told.
    precision: str = ""
    #: Of a date: until then, or by then. One known to the month or year lasts to its last day.
    until: bool = False
    #: How long codes are put together: parts with their digits, in each of the ways in use.
    parts: tuple[Mapping[str, int], ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether values may stand in what is published; free text only where the file says so."""
        if self.personal:
            return False
        return self.release == "public" or (not self.release and self.type != "text")

    def label(self, lang: str = "zh") -> str:
        """Label in ``lang``, "zh" or "en"."""
        return self.zh if check_lang(lang) == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan adds: up to the value of a field, or the value of a field itself."""

    date: str
    up_to: str | None = None
    add: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Amount:
    """A running total of a layer, whose growth is told by events and dates.

    ``total`` is the field that holds it at the date of the data, or a number for each record;
    ``date`` the field with the day it was reached, if in one go; ``while_in`` the set of states
    during which it counts, for amounts that follow the state. What grows by it is growth of the
    amount ``part_of`` as well. ``stages`` are the amounts that an office may let count in its
    place: what was reported, what was approved. ``due`` are the states in which a
    record has it (of those that ``due_where`` chooses): without total or date it is unknown there,
    not zero.
    """

    key: str
    zh: str
    en: str
    total: str | float | None = None
    date: str | None = None
    while_in: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    due: tuple[str, ...] = ()
    due_where: Mapping[str, Any] = field(default_factory=dict)
    part_of: str | None = None
    stages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A dated event: the state it enters, the amounts it adds to or takes back."""

    key: str
    zh: str
    en: str
    enters: str | None = None
    adds: tuple[str, ...] = ()
    takes_back: tuple[str, ...] = ()
    default_amount: float | None = None


@dataclass(frozen=True, slots=True)
class States:
    """The life cycle: field of the state, sets that count, dates that enter a state."""

    field: str
    sets: Mapping[str, tuple[str, ...]]
    #: date field -> (deciding field or None, code of that field -> state, default state)
    dates: Mapping[str, tuple[str | None, Mapping[str, str], str]]
    plan_date: str | None = None
    plan_enters: str | None = None
    plan_only_from: tuple[str, ...] = ()
    #: Codes a record has before any other: one that is in them now has never been elsewhere.
    first: frozenset[str] = frozenset()

    def sets_of(self, code: str) -> frozenset[str]:
        """Names of the sets that hold ``code``."""
        return frozenset(name for name, codes in self.sets.items() if code in codes)


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds of a time of a record: who must have it and, of a limit, what moves it.

    A record in one of the states ``due`` has the time: where it is missing it is unknown, not yet
    to come. ``moved_to`` is the field of a later limit that was granted, which wins; from
    ``stopped_from`` to ``stopped_to`` the clock stands still, and so it does for a record in one of
    the states ``stopped_in`` of which no such day is known. A limit that is not said is
    computed: it is later than the field ``start`` by the limit of the record's kind for ``stage``.
    """

    due: frozenset[str] = frozenset()
    moved_to: str | None = None
    stopped_from: str | None = None
    stopped_to: str | None = None
    stopped_in: frozenset[str] = frozenset()
    start: str | None = None
    stage: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that move the limit, where a layer has them."""
        return tuple(n for n in (self.moved_to, self.stopped_from, self.stopped_to) if n)


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """Everything the program knows about a layer.

    See Also
    --------
    load_specs, Field

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> spec = load_specs()["manholes"]
    >>> spec.name_zh, spec.id_field, spec.fields["anti_fall"].codes["net"].zh
    ('窨井', 'manhole_id', '防坠网')
    """

    key: str
    role: str
    name_zh: str
    name_en: str
    names: tuple[str, ...]
    geometry: tuple[str, ...]
    id_field: str
    fields: Mapping[str, Field]
    measure: str | None = None
    measure_default: str | None = None
    split: str = "owner"
    level: str | None = None
    #: Of zones: the level that each of them lies within; None for that of the districts.
    within: str | None = None
    label: str | None = None
    parent: str | None = None
    states: States | None = None
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    #: By field; a time that is not named here is nothing but a time.
    times: Mapping[str, Moment] = field(default_factory=dict)
    style: Mapping[str, Any] = field(default_factory=dict)
    #: Whether single records may be published ("public"), or sums of them alone.
    release: str = "internal"
    #: Words for what each record is; in a heading (PARK_NAME) they say nothing.
    subject: tuple[str, ...] = ()
    #: Fields that agree, besides the place, where a record was entered twice: cases come back to a
    #: place, and are others at another time.
    entered_twice: tuple[str, ...] = ()
    #: Chinese measure word of its records; English has none.
    counter: str = "处"
    #: Whether geometry, and columns that another layer has as well, say nothing for it.
    yields: bool = False
    #: By when a record must be done (``deadline``), and which are the worst (``first``).
    overdue: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_table(self) -> bool:
        """Whether its records have no place of their own, and count in the zone they name."""
        return self.role == "table"

    @property
    def is_counted(self) -> bool:
        """Whether its records are counted by zone, by their place or by the zone they name."""
        return self.role in ("facility", "table")

    @property
    def limits(self) -> frozenset[str]:
        """Fields of a day by which, not on which: known to the month, it lasts to its last day."""
        times = {n for n, moment in self.times.items() if moment.stage}
        moved = {n for m in self.times.values() for n in (m.moved_to, m.stopped_to) if n}
        dates = {n: item for n, item in self.fields.items() if item.type in _DATES}
        said = {n for n, item in dates.items() if item.plan or item.until}
        return frozenset(dates) & {*times, *moved, *said, self.overdue.get("deadline")}

    @property
    def state_field(self) -> str | None:
        """Name of the field that holds the state, where the layer has one."""
        return self.states.field if self.states else None

    @property
    def sets(self) -> Mapping[str, tuple[str, ...]]:
        """Named sets of states, e.g. ``open`` or ``verified``."""
        return self.states.sets if self.states else {}

    def name(self, lang: str = "zh") -> str:
        """Name of the layer in ``lang``, "zh" or "en"."""
        return self.name_zh if check_lang(lang) == "zh" else self.name_en

    def set_of(self, code: str) -> str | None:
        """Name of the first set that holds the state ``code``."""
        return next((name for name, codes in self.sets.items() if code in codes), None)

    def denies(self, status: str, state: str) -> bool:
        """Whether a record with this status cannot have been in a state that its dates tell.

        It is in one before which there is none; or the state is done, and it has yet to get there
        or rests.

        Examples
        --------
        >>> from geo_citymgmt.spec import load_specs
        >>> manholes = load_specs()["manholes"]
        >>> [manholes.denies(status, "70") for status in ("40", "51", "95", "60", "80")]
        [True, True, True, False, False]
        >>> manholes.denies("00", "20"), manholes.denies("20", "20")
        (True, False)
        """
        states = self.states
        codes = [] if states is None else list(self.fields[states.field].codes)
        if states is None or status not in codes or state not in codes:
            return False
        if status in states.first:
            return state not in states.first
        had, has = states.sets_of(state), states.sets_of(status)
        ahead = codes.index(status) < codes.index(state) or "suspended" in has
        return "done" in had and ahead and not has >= had


def levels_above(specs: Mapping[str, LayerSpec], level: str) -> tuple[str, ...]:
    """Return the levels of zones down to one, by what each of them lies within.

    Examples
    --------
    >>> from geo_citymgmt.spec import load_specs
    >>> levels_above(load_specs(), "cell")
    ('district', 'street', 'community', 'cell')
    """
    within = {s.level: s.within for s in specs.values() if s.role == "zones" and s.level}
    chain = [level]
    while (above := within.get(chain[-1])) and above not in chain:
        chain.append(above)
    return tuple(reversed(chain))


def zone_levels(specs: Mapping[str, LayerSpec]) -> tuple[str, ...]:
    """Return all levels of zones, the coarsest first."""
    levels = {s.level for s in specs.values() if s.role == "zones" and s.level}
    return tuple(sorted(levels, key=lambda level: (len(levels_above(specs, level)), level)))
