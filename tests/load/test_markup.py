from lab.load import markup

HTML = (
    "<p>See <a href='http://a.b'>this</a> <img src='z.png' alt='pic'> and <em>that</em>.</p>"
    "<pre><code>for i in x:\n    y_1 *= 2\n</code></pre><ol><li>one</li><li>two</li></ol>"
)


def test_only_code_and_lists_keep_their_marks():
    text = markup.to_text(HTML)
    assert text.startswith("See this  and that.")
    assert "```\nfor i in x:\n    y_1 *= 2\n```" in text
    assert text.endswith("1. one\n2. two")


def test_markdown_keeps_all():
    text = markup.to_markdown(HTML)
    assert "[this](http://a.b)" in text
    assert "*that*" in text
