from pathlib import Path

import pytest

from lab import paths
from lab.report import scrub


def test_values_of_secret_variables_are_removed():
    clean = scrub.scrubber({"OPENAI_API_KEY": "planted-0123456789", "MY_TOKEN": "planted-0123"})
    assert clean("a planted-0123456789 b planted-0123 c") == (
        "a [secret removed] b [secret removed] c"
    )


def test_short_values_and_other_variables_stay():
    clean = scrub.scrubber({"USE_KEY": "yes", "EDITOR": "some-editor"})
    assert clean("yes some-editor") == "yes some-editor"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + "a" * 40,
        "sk-proj-" + "B1_" * 10,
        "hf_" + "x" * 30,
        "ghp_" + "y" * 36,
        "AKIA" + "Z" * 16,
    ],
)
def test_known_forms_of_keys_are_removed(secret):
    assert scrub.scrubber({})(f"key={secret}.") == "key=[secret removed]."


def test_private_places_are_shortened():
    text = scrub.scrubber({})(f"{paths.root()}/lab {Path.home()}/x {paths.data()}/runs")
    assert text == "./lab ~/x data/runs"


def test_every_text_of_a_nested_value_is_scrubbed():
    given = {"planted-key": ["planted-key", {"a": "b planted-key"}, 3, None]}
    clean = scrub.scrubber({"A_KEY": "planted-key"})
    assert scrub.scrub(given, clean) == {
        scrub.REMOVED: [scrub.REMOVED, {"a": f"b {scrub.REMOVED}"}, 3, None]
    }
