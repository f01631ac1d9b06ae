"""Function words of the language a text is in, which name nothing.

Source: the lists of Stopwords ISO (57 languages); scikit-learn's for English, which is shorter and
leaves words such as "home" alone; the language by py3langid (Lui & Baldwin 2012, ACL P12-3005).
"""

from functools import cache


def stop_words(text: str) -> frozenset[str]:
    """Return the function words of the likeliest language of a text, lower case; none if unknown.

    Examples
    --------
    >>> sorted(stop_words("Wie ist das Wetter heute in Berlin?") & {"die", "das", "wetter"})
    ['das', 'die']
    """
    import py3langid

    return _of(py3langid.classify(text)[0])


@cache
def _of(language: str) -> frozenset[str]:
    if language == "en":
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return frozenset(ENGLISH_STOP_WORDS)
    from stopwordsiso import stopwords

    return frozenset(stopwords(language))
