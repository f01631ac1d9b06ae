import re

import pytest

from lab.widgets import front

WIDGETS = sorted(path.stem for path in front.STATIC.glob("*.js") if path.stem != "dom")


@pytest.mark.parametrize("name", WIDGETS)
def test_a_script_is_one_module_that_shows_texts_as_texts(name):
    script = front.script(name)
    assert len(re.findall(r"^export default", script, re.MULTILINE)) == 1
    assert len(re.findall(r"^const make = ", script, re.MULTILINE)) == 1
    assert len(re.findall(r"widget\(\{ class: [\"`]winnow", script)) == 1
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert unsafe not in script
    assert not re.search(r"https?://(?!www\.w3\.org/)", script)


def test_a_widget_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError, match=r"nothing\.js"):
        front.script("nothing")
