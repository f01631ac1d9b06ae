import functools
import importlib

import pytest

from lab import ablate
from lab.ablate.papers import ABSTRACT, NONE, PAPERS, RETOLD
from lab.report import books


@pytest.mark.parametrize("title", PAPERS)
def test_a_paper_is_told_with_where_it_was_read(title):
    found = ablate.paper(title)
    assert found.index.tolist() == ["paper", "their set-up", "their figure", "known from"]
    assert found.str.len().min() > 3
    assert "arXiv:" in found["paper"]


@pytest.mark.parametrize("title", PAPERS)
def test_what_does_it_here_exists(title):
    part, *names = PAPERS[title].function.split(".")
    functools.reduce(getattr, names, importlib.import_module(f"lab.{part}"))


@pytest.mark.parametrize("title", PAPERS)
def test_its_notebook_shows_it(title):
    name = f"{books.ABLATIONS}{title.replace(' ', '-')}"
    source = "".join(cell.source for cell in books.read(books.find(name)).cells)
    assert f'ablate.publish("{title}"' in source
    assert f'ablate.paper("{title}")' in source or title == "less is more"


def test_what_was_not_read_is_not_told_as_read():
    assert PAPERS["ltd"].known == ABSTRACT
    assert {PAPERS[name].known for name in PAPERS if name.startswith("lima")} == {RETOLD, NONE}


def test_an_unknown_title_is_named():
    with pytest.raises(ValueError, match="title must be one of less is more, .*, got 'less'"):
        ablate.paper("less")
