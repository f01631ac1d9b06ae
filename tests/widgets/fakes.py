"""What a browser says to a widget, without a browser."""


def tell(panel, content, buffers=()):
    """Send a widget the message that its script in the page would send."""
    data = {"method": "custom", "content": content}
    panel.comm.handle_msg({"content": {"data": data}, "buffers": list(buffers)})
