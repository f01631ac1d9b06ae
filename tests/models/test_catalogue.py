import json
import shutil

import pytest

from lab import errors, files, models, paths
from lab.models import catalogue


def test_a_folder_is_copied_and_known_by_name():
    model = catalogue.add(paths.base_model(), name="small")
    assert model.folder == paths.models() / "small"
    assert models.causal("small").window == models.causal(paths.base_model()).window
    assert catalogue.installed() == [model]
    assert catalogue.add(paths.base_model(), name="small") == model
    catalogue.remove("small")
    assert catalogue.installed() == []
    assert not model.folder.exists()


def test_a_name_is_not_given_twice(tmp_path):
    catalogue.add(paths.base_model(), name="small")
    other = shutil.copytree(paths.base_model(), tmp_path / "other")
    data = bytearray((other / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (other / "model.safetensors").write_bytes(data)
    with pytest.raises(errors.ModelError, match="'small' is another model, made from base"):
        catalogue.add(other, name="small")


def test_weights_that_could_run_code_are_not_taken(tmp_path):
    files.write_text(tmp_path / "m" / "config.json", "{}")
    files.write_text(tmp_path / "m" / "pytorch_model.bin", "a pickle")
    with pytest.raises(
        errors.ModelError, match=r"must hold config.json and weights in safetensors"
    ):
        catalogue.add(tmp_path / "m")


def test_a_hostile_template_in_a_folder_is_not_taken(tmp_path):
    folder = shutil.copytree(paths.base_model(), tmp_path / "bad")
    files.write_text(folder / "chat_template.jinja", "{{ ''.__class__ }}")
    with pytest.raises(errors.ModelError, match="reaches for '__class__'"):
        catalogue.add(folder)
    assert catalogue.installed() == []


@pytest.mark.parametrize(
    "given",
    [
        "{{ ''.__class__ }}",
        [{"name": "default", "template": "ok"}, {"name": "rag", "template": "{{ ''.__class__ }}"}],
    ],
)
def test_a_hostile_template_inside_the_tokenizers_setup_is_not_taken(tmp_path, given):
    folder = shutil.copytree(paths.base_model(), tmp_path / "bad")
    setup = folder / "tokenizer_config.json"
    told = json.loads(setup.read_text(encoding="utf-8")) | {"chat_template": given}
    setup.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(errors.ModelError, match="chat template of bad reaches for '__class__'"):
        catalogue.add(folder)
    setup.write_text("{", encoding="utf-8")
    with pytest.raises(errors.ModelError, match="tokenizer_config.json is no JSON"):
        catalogue.add(folder)
    assert catalogue.installed() == []


@pytest.mark.parametrize("name", ["../up", "Upper", "", ".hidden"])
def test_a_name_is_a_plain_word(name):
    with pytest.raises(errors.ModelError, match="name must match|no model"):
        catalogue.add(paths.base_model(), name=name or "/")


def test_no_such_source():
    with pytest.raises(errors.ModelError, match=r"no model 'nothing': give gemma-3-270m, smollm2"):
        catalogue.add("nothing")
    with pytest.raises(errors.ModelError, match="no model 'nothing' here; there are none"):
        catalogue.remove("nothing")


def test_a_package_that_is_not_there_is_named(monkeypatch):
    missing = catalogue.Packaged(("no_such_package",), "no-such-package", "none", "none")
    monkeypatch.setitem(catalogue.PACKAGED, "absent", missing)
    with pytest.raises(
        errors.ModelError, match="run `make models`, or pip install no-such-package"
    ):
        catalogue.add("absent")


def test_parts_of_packages_are_joined_in_order(tmp_path, monkeypatch):
    for number in (1, 2):
        files.write_text(tmp_path / f"part_{number}" / "__init__.py", "raise SystemExit")
        files.write_text(
            tmp_path / f"part_{number}" / "data" / f"m.gguf.part0{number}", "ab"[number - 1]
        )
    monkeypatch.syspath_prepend(tmp_path)
    parts = catalogue.Packaged(("part_1", "part_2"), "", "none", "none")
    monkeypatch.setitem(catalogue.PACKAGED, "joined", parts)
    with pytest.raises(
        errors.ModelError, match=r"joined.gguf is not a GGUF file: it starts with b'ab'"
    ):
        catalogue.add("joined")
