"""Draw the picture of the front page.

python tools/draw_front_page.py
"""

from __future__ import annotations

from matplotlib.figure import Figure
from notebooks import ROOT, with_palette

from unrolled import figures


def main() -> None:
    figures.use_style()
    picture = figures.unrolled(steps=5, inputs=list("hello"), outputs=list("ello!"))
    assert isinstance(picture, Figure)  # and not axes, since none were given
    (ROOT / "_static" / "front.png").write_bytes(with_palette(figures.png(picture)))


if __name__ == "__main__":
    main()
