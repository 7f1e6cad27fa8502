"""QR codes, as SVG that stands in a page."""

from __future__ import annotations

from io import BytesIO

import segno

PIXELS, QUIET_ZONE = 5, 4


def qr_svg(text: str, *, title: str) -> str:
    """Dark on light in every color scheme, for cameras want it so. ``title`` says what it is."""
    code, written = segno.make(text, micro=False), BytesIO()
    code.save(
        written,
        kind="svg",
        xmldecl=False,
        nl=False,
        scale=PIXELS,
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        title=title,
        svgclass="qr",
        lineclass=None,
    )
    return written.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)
