import pytest

from lab.coverage.stopwords import stop_words


@pytest.mark.parametrize(
    ("text", "function", "content"),
    [
        ("How do I get home from the station?", "from", "home"),
        ("Wie komme ich vom Bahnhof nach Hause?", "ich", "bahnhof"),
        ("从车站怎么回家？明天的天气好吗？", "怎么", "车站"),
        ("¿Cómo llego a casa desde la estación de tren?", "desde", "tren"),
    ],
)
def test_function_words_are_those_of_the_texts_language(text, function, content):
    words = stop_words(text)
    assert function in words
    assert content not in words
