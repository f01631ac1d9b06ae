import pytest

from lab.errors import DataError, MissingPackageError, WinnowError


def test_a_data_error_names_file_row_field_and_value():
    error = DataError("must be text", file="a.jsonl", row=17, field="output", value=3.5)
    assert str(error) == "a.jsonl, row 17, field 'output': must be text (got 3.5)"
    assert (error.file, error.row, error.field, error.value) == ("a.jsonl", 17, "output", 3.5)


def test_what_is_not_known_is_left_out():
    assert str(DataError("no rows")) == "no rows"


def test_a_long_value_is_cut():
    assert len(str(DataError("bad", value="x" * 500))) < 100


def test_a_missing_package_is_also_an_import_error():
    with pytest.raises(
        ImportError, match="coverage.project needs umap-learn; install it with: pip"
    ):
        raise MissingPackageError("umap-learn", needed_by="coverage.project")
    assert issubclass(MissingPackageError, WinnowError)
