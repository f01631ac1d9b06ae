import pytest

from lab import paths
from lab.errors import DataError
from lab.llm import prompts

TEXT = """# Source: somebody 2024
[system]
Be {tone}.

[user]
Rate {text} in {{braces}} and { this }.

[assistant]
{tone}!
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    def make(text, name="rate.en.txt"):
        path = tmp_path / "score" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    monkeypatch.setattr(paths, "PACKAGE", tmp_path)
    monkeypatch.setattr(paths, "prompts", lambda part: tmp_path / part)
    return make


def test_sections_become_messages_and_values_stay_as_they_are(write):
    write(TEXT)
    prompt = prompts.load("score", "rate")
    assert prompt.source == "somebody 2024"
    assert prompt.fields == {"tone", "text", "braces"}
    messages = prompt.messages(tone="brief {text}", text="{x} \\1 {tone}", braces="b")
    assert messages == [
        {"role": "system", "content": "Be brief {text}."},
        {"role": "user", "content": "Rate {x} \\1 {tone} in {b} and { this }."},
        {"role": "assistant", "content": "brief {text}!"},
    ]


def test_a_prompt_finds_its_fields_again(write):
    write(TEXT)
    prompt = prompts.load("score", "rate")
    fields = {"tone": "very\nkind", "text": "a (b)", "braces": ""}
    assert prompt.match(prompt.messages(**fields)) == fields
    assert prompt.match(prompt.messages(**fields)[:2]) is None
    changed = prompt.messages(**fields)
    changed[2]["content"] = "other!"
    assert prompt.match(changed) is None


def test_both_languages_and_the_list(write):
    write(TEXT)
    write(TEXT.replace("Rate", "评价"), "rate.zh.txt")
    assert prompts.names("score") == prompts.names("score", "zh") == ["rate"]
    assert "评价" in prompts.load("score", "rate", "zh").sections[1][1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tone": "x"}, r"missing \['braces', 'text'\], unknown \[\]"),
        ({"tone": "x", "text": "", "braces": "", "more": ""}, r"unknown \['more'\]"),
    ],
)
def test_missing_and_unknown_fields_are_errors(write, fields, message):
    write(TEXT)
    with pytest.raises(ValueError, match=message):
        prompts.load("score", "rate").messages(**fields)


def test_a_field_is_text(write):
    write(TEXT)
    with pytest.raises(TypeError, match="field text must be text, got int"):
        prompts.load("score", "rate").messages(tone="", text=3, braces="")


def test_what_is_not_there_is_said(write):
    write(TEXT)
    with pytest.raises(ValueError, match="no prompt 'other' in 'en'; it has: rate"):
        prompts.load("score", "other")
    with pytest.raises(ValueError, match="language must be one of en, zh, got 'de'"):
        prompts.load("score", "rate", "de")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[user]\nx", "first line must start with '# Source:'"),
        ("# Source: x\nhello\n[user]\nx", "row 2: text before the first"),
        ("# Source: x\n", "needs sections"),
        ("# Source: x\n[user]\n\n[assistant]\nx", "each needs text"),
    ],
)
def test_a_broken_file_is_named(write, text, message):
    path = write(text, "broken.en.txt")
    with pytest.raises(DataError, match=message) as caught:
        prompts.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("part", [p.parent.name for p in sorted(paths.PACKAGE.glob("*/prompts"))])
def test_every_prompt_of_the_package_is_whole(part):
    for language in prompts.LANGUAGES:
        for name in prompts.names(part, language):
            prompt = prompts.load(part, name, language)
            assert prompt.source
            fields = {field: f"<{field} value>" for field in prompt.fields}
            assert prompt.match(prompt.messages(**fields)) == fields
