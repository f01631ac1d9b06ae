import nbformat
import pytest

from lab import paths
from lab.errors import DataError
from lab.report import books


def test_find_by_path_and_by_name(write, tmp_path, monkeypatch):
    path = write("mine", "1")
    assert books.find(path) == path
    assert books.find(path.with_suffix("")) == path
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
    assert books.find("mine") == path
    with pytest.raises(DataError, match="no notebook named 'yours'; there are mine"):
        books.find("yours")


def test_names_are_in_order_and_without_checkpoints(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
    for name in ("01-b", "00-a", "ablations/lima", ".ipynb_checkpoints/00-a-checkpoint"):
        file = tmp_path / f"{name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(), file)
    assert books.names() == ["00-a", "01-b", "ablations/lima"]


def test_a_report_leaves_out_ablations_that_do_not_ask_to_be_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
    make = nbformat.v4
    said = {"00-a": None, "own": False, "ablations/long": None, "ablations/in": True}
    for name, says in said.items():
        asks = {} if says is None else {"in_report": says}
        cell = make.new_code_cell("N = 1", metadata={"tags": ["parameters"], **asks})
        file = tmp_path / f"{name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(make.new_notebook(cells=[cell]), file)
    assert books.quick() == ["00-a", "ablations/in"]
    assert books.ablations() == ["own", "ablations/in", "ablations/long"]


def test_page_names_tell_parameters_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
    path = tmp_path / "ablations" / "lima.ipynb"
    assert books.page_name(path, {}) == "ablations/lima"
    local = books.page_name(path, {"SETTING": "local", "N": 1})
    assert local.startswith("ablations/lima-local-")
    assert local != books.page_name(path, {"SETTING": "local", "N": 2})


def test_parameters_are_set_after_the_tagged_cell(write):
    path = write("mine", "print(N)")
    book = books.with_params(books.read(path), {"N": 7, "DATA": "it's"}, path)
    assert [cell.source for cell in book.cells][2] == 'N = 7\nDATA = "it\'s"'
    assert books.parameters(book) == {"SETTING": "testbed", "N": 7, "DATA": "it's"}


def test_parameters_match_whatever_their_case(write):
    book = books.read(write("mine"))
    assert books.matched({"data": 1, "n": 2, "other": 3}, book) == {"DATA": 1, "N": 2, "other": 3}


def test_an_unknown_parameter_is_refused(write):
    path = write("mine")
    with pytest.raises(DataError, match="no parameter 'M'; .* sets SETTING, N, DATA"):
        books.with_params(books.read(path), {"M": 1}, path)


NEEDY = {"testbed": {}, "local": {"DATA": "alpaca.json", "N": "3"}}


def test_a_setting_that_is_not_honoured_is_refused(write):
    path = write("mine", settings=NEEDY)
    with pytest.raises(
        DataError, match="no setting 'paper' in this notebook; it honours testbed, local"
    ):
        books.check(books.read(path), {"SETTING": "paper"}, path)


def test_what_a_setting_needs_is_named_with_a_command(write):
    path = write("mine", settings=NEEDY)
    example = "lab run mine --setting local --param DATA=alpaca.json --param N=3"
    with pytest.raises(DataError, match=f"'local' needs DATA; for example: {example}"):
        books.check(books.read(path), {"SETTING": "local"}, path)
    books.check(books.read(path), {"SETTING": "local", "DATA": "x"}, path)


def test_a_parameter_that_the_setting_does_not_read_is_refused(write):
    path = write("mine", settings=NEEDY)
    with pytest.raises(DataError, match="'testbed' does not read DATA; for example: lab run mine"):
        books.check(books.read(path), {"DATA": "x"}, path)


def test_without_a_word_on_settings_a_notebook_honours_its_own(write):
    path = write("mine", settings=NEEDY)
    book = books.read(path)
    del book.cells[1].metadata["settings"]
    assert books.settings(book) == {"testbed": {}}
    assert books.settings(nbformat.v4.new_notebook()) == {}


def test_old_outputs_are_not_read(tmp_path):
    cell = nbformat.v4.new_code_cell("1")
    cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="old")], 4
    path = tmp_path / "old.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    read = books.read(path).cells[0]
    assert (read.outputs, read.execution_count) == ([], None)


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    path = tmp_path / "no.ipynb"
    path.write_text("{}")
    with pytest.raises(DataError, match=r"no\.ipynb: not a notebook"):
        books.read(path)


def test_title_question_and_claims(write):
    book = books.read(write("mine", "%load_ext autoreload\nassert 1 < 2, 'one is less'\nassert 3"))
    assert books.title(book) == ("A small one", "Does it work?")
    assert books.claims(book) == ["one is less", "3"]
    assert books.claims(nbformat.v4.new_notebook()) == []
    assert books.title(nbformat.v4.new_notebook()) == ("untitled", "")


def test_a_claim_that_is_checked_on_the_testbed_alone_says_so(write):
    last = (
        "assert not on_testbed or 1 < 2, 'less'\nassert 1 or not on_testbed\nassert on_testbed or 2"
    )
    assert books.claims(books.read(write("mine", last))) == [
        "on the testbed: less",
        "on the testbed: 1 or not on_testbed",
        "on_testbed or 2",
    ]


def test_a_question_of_two_lines_is_whole():
    cell = nbformat.v4.new_markdown_cell(
        "# One\n\nWhich is better,\nand for whom?\n\n- a\n\nNeeds: no key."
    )
    assert books.title(nbformat.v4.new_notebook(cells=[cell])) == (
        "One",
        "Which is better, and for whom?",
    )
