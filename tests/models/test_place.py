import json
import os
import shutil

import pytest

from lab import models, origins, paths


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(paths.base_model(), tmp_path / "base")


def test_a_name_is_looked_up_in_the_data_folder(folder):
    assert models.find("small") == "small"
    shutil.copytree(folder, paths.models() / "small")
    assert models.find("small") == str(paths.models() / "small")
    assert models.find(folder) == str(folder)


def test_a_copy_of_a_model_is_the_same_model(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert models.identity(copy) == models.identity(folder)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"]
)
def test_another_file_at_the_same_place_is_another_model(folder, name):
    before = models.identity(folder)
    data = bytearray((folder / name).read_bytes())
    data[-3] ^= 1
    (folder / name).write_bytes(data)
    assert models.identity(folder) != before


def test_a_record_beside_the_weights_changes_nothing(folder):
    before = models.identity(folder)
    (folder / "tune.json").write_text("{}")
    (folder / "checkpoint-3").mkdir()
    (folder / "checkpoint-3" / "config.json").write_text("{}")
    os.utime(folder / "config.json", (1, 1))
    assert models.identity(folder) == before


def test_an_adapter_is_known_with_its_base(folder, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    about = {"base_model_name_or_path": str(folder)}
    (adapter / "adapter_config.json").write_text(json.dumps(about))
    before = models.identity(adapter)
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert models.identity(adapter) != before


def test_a_hub_model_is_known_by_its_commit(folder, tmp_path, monkeypatch):
    snapshot = tmp_path / "models--org--name" / "snapshots" / "0f3a"
    shutil.copytree(folder, snapshot)
    assert models.identity(snapshot) == "hub:models--org--name@0f3a"
    assert models.identity("m") == "hub:m"


def test_the_base_model_and_what_is_tuned_from_it_are_the_testbeds(folder, tmp_path):
    copy = tmp_path / "mine"
    shutil.copytree(paths.base_model(), copy)
    assert models.origin(paths.base_model()) == models.origin(copy) == "testbed"
    tuned = tmp_path / "tuned"
    (tuned / "checkpoint-3").mkdir(parents=True)
    (tuned / "tune.json").write_text(json.dumps({"recipe": {"model": str(copy)}}))
    assert models.origin(tuned) == models.origin(tuned / "checkpoint-3") == "testbed"


def test_another_model_goes_by_its_name(tmp_path):
    own = tmp_path / "own-model"
    own.mkdir()
    (own / "model.safetensors").write_bytes(b"1")
    assert models.origin(own) == "own-model"
    (own / "tune.json").write_text('{"recipe": {"model": "org/base"}}')
    assert models.origin(own) == "org/base"
    hub = tmp_path / "models--org--name" / "snapshots" / "abc"
    hub.mkdir(parents=True)
    assert models.origin(hub) == "org/name"


def test_a_model_that_is_loaded_is_noted():
    models.causal(paths.base_model())
    assert origins.used() == {"model": ["testbed"]}
