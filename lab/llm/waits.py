"""How long a server asks to wait, in whichever of the allowed forms it says so.

Source: RFC 9110, section 10.2.3 (`Retry-After` is a number of seconds or a date); rate-limit
headers in use give durations (`6m0s`, `20ms`), seconds since 1970, or points in time (RFC 3339).
"""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT_S = 300.0  # longest obedience to one header
EPOCH_S, EPOCH_MS = 1e9, 1e12  # numbers above are points in time, in these units
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 1.0}
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[dhms]|$))+", re.IGNORECASE)
STEP = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms]|$)", re.IGNORECASE)


def seconds(text: str | None) -> float | None:
    """Read a duration such as `1.5`, `20ms`, `6m0s` or `1h2m`; None if it is none.

    Examples
    --------
    >>> seconds("6m0.5s"), seconds("20ms"), seconds("7"), seconds("soon")
    (360.5, 0.02, 7.0, None)
    """
    text = (text or "").strip()
    if not DURATION.fullmatch(text):
        return None
    total = sum(float(number) * UNITS[unit.lower()] for number, unit in STEP.findall(text))
    return total if math.isfinite(total) else None


def wait_s(text: str | None, *, now: float | None = None) -> float | None:
    """Read a duration or a point in time as seconds from now, from 0 to `MAX_WAIT_S`.

    Parameters
    ----------
    text : str, optional
        A header's value.
    now : float, optional
        Seconds since 1970; by default this machine's clock.

    Returns
    -------
    float or None
        0 for what is past; None if it cannot be read.

    Examples
    --------
    >>> wait_s("7"), wait_s("Thu, 01 Jan 1970 00:00:05 GMT", now=2.0), wait_s("soon")
    (7.0, 3.0, None)
    >>> wait_s("2000-01-01T00:00:00Z"), wait_s("1d")  # past, and longer than is obeyed
    (0.0, 300.0)
    """
    found = seconds(text)
    if found is None or found >= EPOCH_S:
        moment = _moment(text or "") if found is None else found
        if moment is None:
            return None
        if moment >= EPOCH_MS:
            moment /= 1000
        found = moment - (time.time() if now is None else now)
    return min(max(found, 0.0), MAX_WAIT_S)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how long a response's headers ask to wait; None if they do not.

    A date counts from the server's own `Date`, where it tells one.

    Parameters
    ----------
    headers : mapping
        With names in lower case, or any case if the mapping does not mind.

    Examples
    --------
    >>> retry_after_s({"retry-after-ms": "20"}), retry_after_s({"retry-after": "4"})
    (0.02, 4.0)
    """
    precise = seconds(headers.get("retry-after-ms"))
    if precise is not None:
        return min(precise / 1000, MAX_WAIT_S)
    now = _moment(headers.get("date") or "")
    asked = headers.get("retry-after")
    return wait_s(asked if asked is not None else headers.get("x-ratelimit-reset"), now=now)


def _moment(text: str) -> float | None:
    """Return seconds since 1970 of an HTTP date or an RFC 3339 time; None if it is neither."""
    try:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
