"""Draw the pictures that stand where scripts are off, in place of the figures one can touch.

    python tools/draw_pictures.py

They lie in _static; front.png is the README's picture too.
"""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from notebooks import ROOT, with_palette

from unrolled import figures

PICTURES: dict[str, dict[str, Any]] = {
    "front": dict(steps=5, inputs=list("hello"), outputs=list("ello!")),
    "touch-two-steps": dict(steps=2, states=["0", "$h_0$", "$h_1$"]),
    "touch-gradient": dict(
        steps=2, folded=False, outputs=["", "$L$"], states=["$h_{-1}$", "$h_0$", "$h_1$"]
    ),
    "touch-lstm": dict(
        steps=2, folded=False, outputs=["$h_0$", "$h_1$"], states=["0", "$c_0$", "$c_1$"]
    ),
    "touch-gru": dict(steps=2, folded=False, states=["0", "$h_0$", "$h_1$"]),
    "touch-unroll": dict(steps=8, states=["0", *(f"$h_{t}$" for t in range(8))]),
    "touch-lengths": dict(steps=4, folded=False, masked=[2, 3], title="A row of length 2"),
}


def main() -> None:
    figures.use_style()
    for name, arguments in PICTURES.items():
        picture = figures.unrolled(**arguments)
        assert isinstance(picture, Figure)  # and not axes, since none were given
        (ROOT / "_static" / f"{name}.png").write_bytes(with_palette(figures.png(picture)))


if __name__ == "__main__":
    main()
