"""When a doctor's door is open: what beats what on one day, and where windows begin and end when clocks change."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointment_service import grid, opening, wall_time
from appointment_service.grid import Asker, Diary, Taken
from appointment_service.opening import Deviation, Kind, Stretch, Window, merged
from appointment_service.visit_types import STANDARD, Terms

UTC_ZONE = ZoneInfo("UTC")
DAY = date(2026, 12, 8)  # a Tuesday
DOCTOR, OTHER_KIND = UUID(int=1), UUID(int=2)
MINUTE = timedelta(minutes=1)
ZONES = [
    "Africa/Casablanca",
    "America/Nuuk",
    "America/Santiago",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
]


def work(starts: str = "09:00", ends: str = "17:00", weekday: int = 2, **given_: object) -> Stretch:
    return Stretch(weekday, time.fromisoformat(starts), time.fromisoformat(ends), **given_)  # type: ignore[arg-type]


def other(kind: Kind, times: str = "", doctor: UUID | None = DOCTOR, days: tuple[date, date] = (DAY, DAY)) -> Deviation:
    starts, ends = [time.fromisoformat(one) for one in times.split("-")] if times else (None, None)
    return Deviation(doctor, kind, *days, starts, ends)


def clinic(times: str = "") -> Deviation:
    return other("closed", times, doctor=None)


def told(day: date, week: Sequence[Stretch], deviations: Sequence[Deviation], zone: ZoneInfo = UTC_ZONE) -> str:
    """Windows, and behind a bar the closed spans that lie in them, as the wall shows them."""
    found = opening.day_of(day, week, deviations, zone)
    spans = [(window.opens, window.closes) for window in found.windows]
    shut = [span for span in found.closed if Taken(spans).meets(*span)]
    words = [
        " ".join(f"{a.astimezone(zone):%H:%M}-{b.astimezone(zone):%H:%M}" for a, b in some) for some in (spans, shut)
    ]
    return f"{words[0]} | {words[1]}".strip(" |") if words[1] else words[0]


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [
        ([], "09:00-17:00"),
        ([other("closed")], ""),
        ([other("closed"), other("extra", "18:00-20:00"), other("replace", "10:00-12:00")], ""),
        ([other("closed"), clinic()], ""),
        ([clinic()], ""),
        ([clinic(), other("extra", "18:00-20:00")], "18:00-20:00"),
        ([clinic(), other("replace", "10:00-12:00")], "10:00-12:00"),
        ([clinic(), other("closed", "10:00-11:00"), other("replace", "10:00-12:00")], "10:00-12:00 | 10:00-11:00"),
        ([other("replace", "10:00-12:00")], "10:00-12:00"),
        ([other("replace", "10:00-12:00"), other("replace", "14:00-15:00")], "10:00-12:00 14:00-15:00"),
        ([other("replace", "10:00-12:00"), other("extra", "12:00-13:00")], "10:00-13:00"),
        ([other("extra", "18:00-20:00")], "09:00-17:00 18:00-20:00"),
        ([other("extra", "16:00-20:00")], "09:00-20:00"),
        ([other("closed", "12:00-13:00")], "09:00-17:00 | 12:00-13:00"),
        ([clinic("12:00-13:00")], "09:00-17:00 | 12:00-13:00"),
        ([clinic("12:00-13:00"), other("replace", "10:00-14:00")], "10:00-14:00"),
        ([clinic("12:00-15:00"), other("extra", "13:00-14:00")], "09:00-17:00 | 12:00-13:00 14:00-15:00"),
        ([clinic("16:00-20:00"), other("extra", "18:00-20:00")], "09:00-17:00 18:00-20:00 | 16:00-18:00"),
        ([other("closed", "00:00-00:00"), other("extra", "18:00-20:00")], "09:00-17:00 18:00-20:00 | 00:00-00:00"),
        ([other("extra", "22:00-00:00")], "09:00-17:00 22:00-00:00"),
        ([other("extra", "22:00-02:00")], "09:00-17:00 22:00-02:00"),
    ],
)
def test_what_beats_what(deviations: list[Deviation], expected: str) -> None:
    assert told(DAY, [work()], deviations) == expected
    assert told(DAY, [work()], deviations[::-1]) == expected


def test_a_clinics_closing_does_not_touch_extra_hours_of_a_day_without_weekly_ones() -> None:
    assert told(DAY, [], [clinic("09:00-13:00"), other("extra", "10:00-12:00")]) == "10:00-12:00"


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-12-01", ""), ("2026-12-08", "09:00-17:00"), ("2026-12-22", "09:00-17:00"), ("2026-12-29", "")],
)
def test_hours_count_from_their_first_day_to_their_last(day: str, expected: str) -> None:
    week = [work(valid_from=date(2026, 12, 8), valid_to=date(2026, 12, 22))]

    assert told(date.fromisoformat(day), week, []) == expected
    assert told(date.fromisoformat(day) + timedelta(days=1), week, []) == ""


def test_an_exception_counts_on_its_first_and_its_last_day() -> None:
    daily = [work(weekday=n) for n in range(1, 8)]
    away = other("closed", days=(DAY, DAY + timedelta(days=2)))

    found = [told(DAY + timedelta(days=n), daily, [away]) for n in range(-1, 4)]

    assert found == ["09:00-17:00", "", "", "", "09:00-17:00"]


def test_work_that_ends_at_or_before_its_start_ends_on_the_next_day() -> None:
    night = opening.day_of(DAY, [work("22:00", "06:00")], [], UTC_ZONE).windows[0]
    round_the_clock = opening.day_of(DAY, [work("09:00", "09:00")], [], UTC_ZONE).windows[0]

    assert (night.opens, night.closes) == (datetime(2026, 12, 8, 22, tzinfo=UTC), datetime(2026, 12, 9, 6, tzinfo=UTC))
    assert round_the_clock.closes - round_the_clock.opens == timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("Pacific/Pago_Pago", -11), ("America/New_York", -5), ("UTC", 0), ("Asia/Tokyo", 9), ("Pacific/Kiritimati", 14)],
)
@pytest.mark.parametrize("kind", ["closed", "replace", "extra"])
def test_an_exception_touches_only_its_own_day_whatever_the_zone(zone: str, offset: int, kind: Kind) -> None:
    place, times = ZoneInfo(zone), "" if kind == "closed" else "00:00-00:00"
    all_day = [work("00:00", "00:00", weekday=n) for n in range(1, 8)]
    who = Asker(True, datetime(2026, 12, 1, tzinfo=UTC), place)
    assert datetime(2026, 12, 8, tzinfo=place).utcoffset() == timedelta(hours=offset)

    def on(day: date, *deviations: Deviation) -> list[str]:
        diary = Diary(terms(), all_day, deviations, Taken([]), Taken([]))
        return [f"{one.start:%d %H:%M}" for one in grid.looked_at(diary, day, day, who)]

    for away in (other(kind, times), *([other(kind, times, doctor=None)] if kind == "closed" else [])):
        for near in (DAY - timedelta(days=1), DAY + timedelta(days=1)):
            assert on(near, away) == on(near)
            assert len(on(near)) == 24
        assert len(on(DAY, away)) == (0 if kind == "closed" else 24)


def terms(minutes: int = 60, step: int = 60) -> Terms:
    length, pace, none = timedelta(minutes=minutes), timedelta(minutes=step), timedelta()
    return Terms(DOCTOR, STANDARD, "Visit", False, "patient", length, none, none, pace, none, timedelta(999), 0, 0, 0)


# --- merging


def window(starts: int, ends: int, kinds: frozenset[UUID] | None = None, before: int | None = None) -> Window:
    first = datetime(2026, 12, 8, tzinfo=UTC)
    opens_before = None if before is None else timedelta(hours=before)
    return Window(first + starts * MINUTE, first + ends * MINUTE, kinds, opens_before)


def test_windows_that_touch_become_one_only_for_the_same_visits() -> None:
    own = frozenset({OTHER_KIND})

    assert merged([window(60, 120), window(0, 60)]) == [window(0, 120)]
    assert merged([window(0, 60), window(61, 120)]) == [window(0, 60), window(61, 120)]
    assert merged([window(0, 60), window(60, 120, own)]) == [window(0, 60), window(60, 120, own)]
    assert merged([window(0, 60), window(60, 120, before=4)]) == [window(0, 60), window(60, 120, before=4)]


def test_a_window_for_other_visits_between_two_does_not_keep_them_apart() -> None:
    own = frozenset({OTHER_KIND})

    assert merged([window(0, 180), window(60, 90, own), window(180, 300)]) == [window(0, 300), window(60, 90, own)]


spans = st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))
kinds = st.sampled_from([None, frozenset({OTHER_KIND})])
windows = st.builds(lambda span, kind, before: window(*span, kind, before), spans, kinds, st.sampled_from([None, 4]))


@given(st.lists(windows, max_size=8), st.randoms())
@settings(max_examples=300, deadline=None)
def test_merging_loses_and_adds_no_minute_and_knows_no_order(some: list[Window], chance: object) -> None:
    def minutes(of: list[Window]) -> set[tuple[datetime, object, object]]:
        return {
            (one.opens + n * MINUTE, one.visit_types, one.opens_before)
            for one in of
            for n in range((one.closes - one.opens) // MINUTE)
        }

    found = merged(some)
    shuffled = some[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert minutes(found) == minutes(some)
    assert set(merged(shuffled)) == set(found) == set(merged(found))
    alike = [
        (one, two)
        for one in found
        for two in found
        if one is not two and (one.visit_types, one.opens_before) == (two.visit_types, two.opens_before)
    ]
    assert all(one.closes < two.opens or two.closes < one.opens for one, two in alike)


@given(st.lists(spans, max_size=4), st.lists(spans, max_size=4))
@settings(max_examples=200, deadline=None)
def test_own_hours_take_just_their_minutes_off_a_clinics_closing(
    shut: list[tuple[int, int]], own: list[tuple[int, int]]
) -> None:
    def clock(minute: int) -> str:
        return f"{minute // 60 + 10:02}:{minute % 60:02}"

    closings = [clinic(f"{clock(a)}-{clock(b)}") for a, b in shut if a < b]
    hours = [other("extra", f"{clock(a)}-{clock(b)}") for a, b in own if a < b]
    found = Taken(opening.day_of(DAY, [work("00:00", "00:00")], [*closings, *hours], UTC_ZONE).closed)

    for minute in range(60):
        begins = datetime(2026, 12, 8, 10, tzinfo=UTC) + minute * MINUTE
        expected = any(a <= minute < b for a, b in shut) and not any(a <= minute < b for a, b in own)
        assert found.meets(begins, begins + MINUTE) is expected


# --- clocks that change


def local_starts(zone: str, day: str, times: str, minutes: int) -> list[str]:
    when, (opens, closes) = date.fromisoformat(day), times.split("-")
    week = [work(opens, closes, weekday=when.isoweekday())]
    found = grid.starts(opening.day_of(when, week, [], ZoneInfo(zone)).windows, terms(minutes, minutes))
    return [f"{slot.start.astimezone(ZoneInfo(zone)):%H:%M%z}" for slot in found]


@pytest.mark.parametrize(
    ("zone", "day", "times", "minutes", "expected"),
    [
        # Lord Howe changes by half an hour: 02:00 to 02:30 in spring, 02:00 back to 01:30 in autumn
        ("Australia/Lord_Howe", "2026-10-04", "02:10-03:00", 30, "02:30+1100"),
        (
            "Australia/Lord_Howe",
            "2026-04-05",
            "01:00-03:00",
            30,
            "01:00+1100 01:30+1100 01:30+1030 02:00+1030 02:30+1030",
        ),
        ("Australia/Lord_Howe", "2026-04-05", "01:30-02:00", 30, "01:30+1100 01:30+1030"),
        # Casablanca goes back for Ramadan and forward behind it
        ("Africa/Casablanca", "2026-02-15", "01:00-04:00", 60, "01:00+0100 02:00+0100 02:00+0000 03:00+0000"),
        ("Africa/Casablanca", "2026-03-22", "01:00-04:00", 60, "01:00+0000 03:00+0100"),
        ("Africa/Casablanca", "2026-03-22", "02:30-04:00", 60, "03:00+0100"),
        # Santiago changes at midnight: the day begins at 01:00, or has its last hour twice
        ("America/Santiago", "2026-09-06", "00:30-02:00", 60, "01:00-0300"),
        ("America/Santiago", "2026-09-05", "22:00-00:00", 60, "22:00-0400 23:00-0400"),
        ("America/Santiago", "2026-04-04", "22:00-00:00", 60, "22:00-0300 23:00-0300 23:00-0400"),
        # Gaza changes on Saturdays
        ("Asia/Gaza", "2026-03-28", "01:00-04:00", 60, "01:00+0200 03:00+0300"),
        ("Asia/Gaza", "2026-10-24", "01:00-03:00", 60, "01:00+0300 01:00+0200 02:00+0200"),
        # Apia left out the 30th of December 2011
        ("Pacific/Apia", "2011-12-30", "09:00-12:00", 60, ""),
        ("Pacific/Apia", "2011-12-29", "22:00-00:00", 60, "22:00-1000 23:00-1000"),
        ("Pacific/Apia", "2011-12-31", "00:00-02:00", 60, "00:00+1400 01:00+1400"),
        # Chatham counts three quarters of an hour
        ("Pacific/Chatham", "2026-09-27", "02:00-05:00", 45, "02:00+1245 03:45+1345"),
        ("Pacific/Chatham", "2026-04-05", "02:45-03:45", 60, "02:45+1345 02:45+1245"),
        # Troll changes by two hours
        ("Antarctica/Troll", "2026-03-29", "00:00-04:00", 60, "00:00+0000 03:00+0200"),
        ("Antarctica/Troll", "2026-10-25", "02:00-04:00", 60, "02:00+0200 01:00+0000 02:00+0000 03:00+0000"),
        # Dublin's winter is a negative summer
        ("Europe/Dublin", "2026-03-29", "00:00-03:00", 60, "00:00+0000 02:00+0100"),
        ("Europe/Dublin", "2026-10-25", "00:00-02:00", 60, "00:00+0100 01:00+0100 01:00+0000"),
        # St John's stands half an hour aside
        ("America/St_Johns", "2026-03-08", "01:00-04:00", 60, "01:00-0330 03:00-0230"),
        ("America/St_Johns", "2026-11-01", "01:00-02:00", 60, "01:00-0230 01:00-0330"),
        # Greenland changes with Europe, late on the evening before
        ("America/Nuuk", "2026-03-28", "22:00-00:00", 60, "22:00-0200"),
        ("America/Nuuk", "2026-10-24", "22:00-00:00", 60, "22:00-0100 23:00-0100 23:00-0200"),
        ("America/Scoresbysund", "2026-03-28", "22:00-00:00", 60, "22:00-0200"),
        ("America/Scoresbysund", "2026-10-24", "23:00-00:00", 60, "23:00-0100 23:00-0200"),
        # a gap and an overlap as the end of work, and all of it inside
        ("Europe/London", "2026-03-29", "01:10-01:50", 30, ""),
        ("Europe/London", "2026-10-25", "00:00-01:30", 30, "00:00+0100 00:30+0100 01:00+0100 01:30+0100 01:00+0000"),
    ],
)
def test_clocks_that_change(zone: str, day: str, times: str, minutes: int, expected: str) -> None:
    assert " ".join(local_starts(zone, day, times, minutes)) == expected


def change_days(zone: str) -> list[date]:
    """The local days of 2026 and around Apia's lost day on which the clocks of a zone change."""
    place, found = ZoneInfo(zone), []
    for first, hours in ((datetime(2026, 1, 1, tzinfo=UTC), 8760), (datetime(2011, 12, 28, tzinfo=UTC), 96)):
        instants = [first + timedelta(hours=n) for n in range(hours)]
        changed = [b for a, b in pairwise(instants) if offset(a, place) != offset(b, place)]
        found += [one.astimezone(place).date() for one in changed]
    return found


def offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


CHANGES = [(zone, day) for zone in ZONES for day in change_days(zone)]


@given(st.sampled_from(CHANGES), st.integers(-1, 1), st.integers(0, 287), st.integers(0, 287))
@settings(max_examples=150, deadline=None)
def test_edges_are_where_one_who_watches_the_clock_finds_them(
    change: tuple[str, date], around: int, starts: int, ends: int
) -> None:
    """Opens at the first reading of the start or a later time; closes at the last reading of the end, or behind the
    last one of an earlier time."""
    zone, day = ZoneInfo(change[0]), change[1] + timedelta(days=around)
    opens, closes = (time(n // 12, n % 12 * 5) for n in (starts, ends))
    first = datetime.combine(day, time(), UTC) - timedelta(hours=30)
    watched = [first + 5 * n * MINUTE for n in range(12 * 96)]
    shown = [(one, one.astimezone(zone).replace(tzinfo=None)) for one in watched]
    last_day = day if closes > opens else day + timedelta(days=1)

    opened = next(instant for instant, wall in shown if wall >= datetime.combine(day, opens))
    closed, wall = [one for one in shown if one[1] <= datetime.combine(last_day, closes)][-1]
    if wall != datetime.combine(last_day, closes):
        closed += 5 * MINUTE

    assert opening.edges(day, opens, closes, zone) == (opened, closed)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_days_follow_each_other_without_a_hole(zone: str, day: date) -> None:
    one = timedelta(days=1)
    before, on, after = (wall_time.day_bounds(d, d, ZoneInfo(zone)) for d in (day - one, day, day + one))

    assert before[1] == on[0] <= on[1] == after[0]
