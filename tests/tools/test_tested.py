from tools import tested


def test_every_module_is_held_by_a_test():
    assert [module for module, where in tested.elsewhere().items() if not where] == []


def test_a_module_with_a_mirror_is_not_listed_and_one_without_names_tests_that_are_there():
    held = tested.elsewhere()
    assert "filters/novelty.py" not in held
    assert held["embed/hidden.py"]
    for where in held.values():
        for name in where.split(", "):
            assert (tested.TESTS / name).is_file(), name


def test_a_module_that_nothing_imports_is_held_by_nothing(monkeypatch):
    monkeypatch.setattr(tested, "_own", lambda name: iter(()))
    assert set(tested.elsewhere().values()) == {""}
