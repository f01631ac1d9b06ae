"""What must not leave the machine inside a report: keys, and where the home folder is.

Applied to every text of an executed notebook, before it is stored and before it is shown.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab import paths

REMOVED = "[secret removed]"
SECRET_NAMES = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)S?$", re.IGNORECASE)
SECRET_FORMS = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}"
    r"|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,})"
)
SHORTEST_SECRET = 8  # characters; shorter values of such variables are switches, not secrets


def scrubber(environment: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """Return a function that takes secrets and private paths out of a text.

    Parameters
    ----------
    environment : mapping, optional
        The variables whose values are secrets if their names say so; this process's by default.

    Examples
    --------
    >>> scrubber({"OPENAI_API_KEY": "planted-0123456789"})("the key is planted-0123456789")
    'the key is [secret removed]'
    """
    secrets = secret_values(environment)
    places = [(str(paths.data()), "data"), (str(paths.root()), "."), (str(Path.home()), "~")]
    places = sorted((place for place in places if len(place[0]) > 1), key=lambda p: -len(p[0]))

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, REMOVED)
        text = SECRET_FORMS.sub(REMOVED, text)
        for place, short in places:
            text = text.replace(place, short)
        return text

    return clean


def secret_values(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the values of variables whose names say that they are secrets, the longest first.

    Examples
    --------
    >>> secret_values({"A_TOKEN": "planted-0123456789", "LANG": "en"})
    ['planted-0123456789']
    """
    variables = os.environ if environment is None else environment
    found = {
        value
        for name, value in variables.items()
        if SECRET_NAMES.search(name) and len(value) >= SHORTEST_SECRET
    }
    return sorted(found, key=lambda value: (-len(value), value))


def scrub(value: Any, clean: Callable[[str], str]) -> Any:
    """Return `value` with `clean` applied to every text in it, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return type(value)((clean(key), scrub(item, clean)) for key, item in value.items())
    if isinstance(value, list):
        return [scrub(item, clean) for item in value]
    return value
