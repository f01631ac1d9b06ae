"""Waits in every form that servers use."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from lab.llm import waits

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def http_date(moment):
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        ("0.5s", 0.5),
        ("250ms", 0.25),
        ("1h1m1s", 3661.0),
        ("1D", 86_400.0),
        ("", None),
        (None, None),
        ("x5", None),
        ("5 apples", None),
        ("-3", None),
        ("nan", None),
        ("1e3", None),
        ("9" * 400, None),
    ],
)
def test_durations_are_read(text, expected):
    assert waits.seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7.0),
        (http_date(NOW + timedelta(seconds=5)), 5.0),
        (http_date(NOW - timedelta(days=1)), 0.0),
        ((NOW + timedelta(seconds=5)).isoformat(), 5.0),
        ("2026-11-25T12:00:09Z", 9.0),
        ("2026-11-25T13:00:09.5+01:00", 9.5),
        (f"{NOW.timestamp() + 4:.0f}", 4.0),
        (f"{(NOW.timestamp() + 4) * 1000:.0f}", 4.0),
        ("2026-11-25T18:00:00Z", waits.MAX_WAIT_S),
        ("100000", waits.MAX_WAIT_S),
        ("soon", None),
        ("Wed, 99 Nov 2026 12:00:00 GMT", None),
        ("", None),
    ],
)
def test_a_wait_is_a_duration_or_a_point_in_time_and_bounded(text, expected):
    assert waits.wait_s(text, now=NOW.timestamp()) == pytest.approx(expected)


def test_a_date_counts_from_the_servers_own_clock():
    fast = NOW + timedelta(days=400)  # a server whose clock is wrong
    headers = {"date": http_date(fast), "retry-after": http_date(fast + timedelta(seconds=5))}
    assert waits.retry_after_s(headers) == 5.0


def test_headers_without_a_date_count_from_ours():
    soon = datetime.now(UTC) + timedelta(seconds=30)
    found = waits.retry_after_s({"retry-after": http_date(soon)})
    assert 25 < found <= 30


def test_the_most_precise_header_counts_and_none_is_none():
    assert waits.retry_after_s({"retry-after-ms": "20", "retry-after": "9"}) == 0.02
    assert waits.retry_after_s({"retry-after-ms": "soon", "retry-after": "9"}) == 9.0
    assert waits.retry_after_s({"x-ratelimit-reset": "12"}) == 12.0
    assert waits.retry_after_s({"retry-after": "tomorrow"}) is None
    assert waits.retry_after_s({}) is None
    assert not math.isnan(waits.retry_after_s({"retry-after": "1d"}))
