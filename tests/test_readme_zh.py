"""The Chinese README says what the English one says: same headings, commands, links, blocks."""

import re

import pytest

from lab import paths
from lab.report import books

NAMES = ("README.md", "README.zh-CN.md")


@pytest.fixture(params=NAMES[1:])
def both(request):
    return [(paths.root() / name).read_text(encoding="utf-8") for name in (NAMES[0], request.param)]


def fences(text, language):
    """Return the code of each block, without its comments, which may be translated."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [[line.split("#")[0].rstrip() for line in block.splitlines()] for block in blocks]


def headings(text):
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line.split(" ")[0] for line in outside.splitlines() if re.match(r"#+ ", line)]


def test_same_headings(both):
    english, other = map(headings, both)
    assert other == english
    assert len(english) >= 5


@pytest.mark.parametrize("language", ["sh", "python"])
def test_same_commands_and_code(both, language):
    english, other = (fences(text, language) for text in both)
    assert other == english
    assert english


def test_same_links_and_pictures(both):
    english, other = (re.findall(r"\]\(([^)]+)\)", text) for text in both)
    assert other == english


def test_same_notebooks_and_settings_in_the_tables(both):
    english, other = (re.findall(r"^\| (`[^|]*`)", text, re.MULTILINE) for text in both)
    assert [re.findall(r"`[^`]+`", row) for row in other] == [
        re.findall(r"`[^`]+`", row) for row in english
    ]


def test_same_blocks_filled_with_the_same(both):
    blocks = [
        dict(re.findall(r"<!-- (\w+) -->(.*?)<!-- /\1 -->", text, re.DOTALL)) for text in both
    ]
    assert blocks[0] == blocks[1]


def test_every_link_leads_somewhere(both):
    for text in both:
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith(("http", "docs/", "RESULTS")):  # those two are written late
                assert (paths.root() / target).exists(), target


def test_every_command_of_lab_exists(both):
    from typer.testing import CliRunner

    from lab import cli

    words = {word for text in both for word in re.findall(r"(?:bin/|`)lab (\w+)", text)}
    known = CliRunner().invoke(cli.app, ["--help"]).output
    for word in words:
        assert re.search(rf"\b{word}\b", known), word


def test_every_notebook_has_a_row(both):
    for text in both:
        assert [name for name in books.names() if f"`{name}`" not in text] == []
