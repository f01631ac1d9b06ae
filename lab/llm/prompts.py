"""Prompt files: one text file each, in English and Chinese, with the source in its first line.

    # Source: Chen et al. 2024, arXiv:2307.08701
    [system]
    Rate the answer.
    [user]
    Instruction: {instruction}

Sections start with `[system]`, `[user]` or `[assistant]` alone on a line, and may repeat; blank
lines around a section are dropped. A placeholder is a name in braces and is filled as it stands:
braces inside a value are left alone, and so are braces in the file that hold no plain name.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from lab import paths
from lab.errors import DataError

LANGUAGES = ("en", "zh")
FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")
SECTION = re.compile(r"\[(system|user|assistant)\]\s*")
SOURCE = "# Source:"
LEAST_OWN = 5  # characters of a section that tell it from others


@dataclass(frozen=True)
class Prompt:
    """A prompt file: where it comes from, and its sections as (role, text)."""

    name: str
    language: str
    source: str
    sections: tuple[tuple[str, str], ...]

    @cached_property
    def fields(self) -> frozenset[str]:
        """Return the names of the placeholders."""
        return frozenset(name for _, text in self.sections for name in FIELD.findall(text))

    def messages(self, **fields: str) -> list[dict[str, str]]:
        """Fill the placeholders and return the messages.

        Raises
        ------
        ValueError
            If a field is missing, unknown, or not a text.
        """
        if fields.keys() != self.fields:
            missing, unknown = self.fields - fields.keys(), fields.keys() - self.fields
            raise ValueError(
                f"prompt {self.name}.{self.language} takes {sorted(self.fields)}; "
                f"missing {sorted(missing)}, unknown {sorted(unknown)}"
            )
        for name, value in fields.items():
            if not isinstance(value, str):
                raise TypeError(f"field {name} must be text, got {type(value).__name__}")
        return [
            {"role": role, "content": FIELD.sub(lambda found: fields[found[1]], text)}
            for role, text in self.sections
        ]

    def last_turn(self, text: str) -> dict[str, str] | None:
        """Return the fields of the last section alone that would give `text`, or None.

        Tells a prompt whose earlier sections were edited; a section of little text of its own,
        which would fit anything, is never found.
        """
        own = FIELD.sub("", self.sections[-1][1]).strip()
        found = self._patterns[-1].fullmatch(text) if len(own) >= LEAST_OWN else None
        if found is None or self.fields - found.groupdict().keys():
            return None
        return found.groupdict()

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(_pattern(text) for _, text in self.sections)

    def match(self, messages: list[dict[str, str]]) -> dict[str, str] | None:
        """Return the fields with which this prompt would give `messages`, or None if it cannot.

        Examples
        --------
        >>> prompt = Prompt("add", "en", "", (("user", "Add {a} and {b}."),))
        >>> prompt.match(prompt.messages(a="1", b="2"))
        {'a': '1', 'b': '2'}
        """
        if [message["role"] for message in messages] != [role for role, _ in self.sections]:
            return None
        fields: dict[str, str] = {}
        for pattern, message in zip(self._patterns, messages, strict=True):
            found = pattern.fullmatch(message["content"])
            if found is None:
                return None
            for name, value in found.groupdict().items():
                if fields.setdefault(name, value) != value:
                    return None
        return fields


def load(part: str, name: str, language: str = "en") -> Prompt:
    """Read `lab/<part>/prompts/<name>.<language>.txt`.

    Parameters
    ----------
    part : str
        Such as `score`.
    name : str
        Such as `alpagasus`.
    language : str
        `en` or `zh`.

    Raises
    ------
    ValueError
        If there is no such prompt; the message lists those there are.
    DataError
        If the file does not have the form of a prompt file.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    path = paths.prompts(part) / f"{name}.{language}.txt"
    if not path.is_file():
        there = ", ".join(names(part, language)) or "none"
        raise ValueError(f"{part} has no prompt {name!r} in {language!r}; it has: {there}")
    return read(path)


def names(part: str, language: str = "en") -> list[str]:
    """Return the names of the prompts of `part` in one language, sorted."""
    found = paths.prompts(part).glob(f"*.{language}.txt")
    return sorted(path.name.removesuffix(f".{language}.txt") for path in found)


@lru_cache(maxsize=256)
def read(path: Path) -> Prompt:
    """Read a prompt file anywhere; its name is `<name>.<language>.txt`.

    Raises
    ------
    DataError
        Naming the file and the line that breaks the form.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    if not lines[0].startswith(SOURCE):
        raise DataError(f"the first line must start with {SOURCE!r}", file=path, value=lines[0])
    sections: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines[1:], start=2):
        if found := SECTION.fullmatch(line):
            sections.append((found[1], []))
        elif sections:
            sections[-1][1].append(line)
        elif line.strip() and not line.startswith("#"):
            raise DataError("text before the first [section]", file=path, row=number, value=line)
    texts = tuple((role, "\n".join(body).strip("\n")) for role, body in sections)
    if not texts or not all(text.strip() for _, text in texts):
        raise DataError("a prompt needs sections, and each needs text", file=path)
    name, language = path.name.removesuffix(".txt").rsplit(".", 1)
    return Prompt(name, language, lines[0].removeprefix(SOURCE).strip(), texts)


def _pattern(text: str) -> re.Pattern[str]:
    """Turn a section into a pattern that finds its fields again."""
    parts, seen = [], set()
    for index, part in enumerate(FIELD.split(text)):
        if index % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>[\\s\\S]*?)")
            seen.add(part)
    return re.compile("".join(parts))
