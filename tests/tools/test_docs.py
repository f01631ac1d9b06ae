from lab import ablate, paths
from tools import docs

README = paths.root() / "README.md"


def test_the_tree_of_the_readme_is_the_tree_of_the_code():
    assert docs.tree() in README.read_text(encoding="utf-8"), "run `lab docs`"


def test_the_pages_of_docs_say_what_the_code_says():
    for name, made in (
        ("modules.md", f"# Modules\n\n{docs.modules()}\n\n{docs.tests()}\n"),
        ("methods.md", docs.methods()),
        ("notebooks.md", docs.notebooks()),
    ):
        written = (paths.docs() / name).read_text(encoding="utf-8")
        assert made == written, "run `lab docs`"


def test_writing_them_reads_no_run_and_touches_no_finding(tmp_path, monkeypatch):
    text = "<!-- findings -->\nold\n<!-- /findings -->\n<!-- tree --><!-- /tree -->"
    for name in docs.READMES:
        (tmp_path / name).write_text(text)
    notebooks = paths.notebooks()
    monkeypatch.setattr(paths, "root", lambda: tmp_path)
    monkeypatch.setattr(paths, "notebooks", lambda: notebooks)
    monkeypatch.setattr(ablate, "findings", None)  # a call would fail
    written = docs.write()
    assert sorted(path.name for path in written) == [
        *(*docs.READMES, "methods.md", "modules.md", "notebooks.md")
    ]
    readme = (tmp_path / "README.md").read_text()
    assert "<!-- findings -->\nold\n<!-- /findings -->" in readme
    assert docs.tree() in readme
