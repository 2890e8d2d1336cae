/* What does not fit the column scrolls within its own frame: code, outputs with wide pictures,
   tables, formulas. Such a frame takes the keyboard's focus, so that the arrow keys scroll it; one that fits does not. */
(() => {
  const FRAMES = [
    "article pre", ".cell_output", ".pst-scrollable-table-container", "article div.math > math",
  ].join();

  const offerFocus = (frame) => {
    if (frame.scrollWidth > frame.clientWidth + 1) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  };

  // A frame changes its width with the window, and also when a sidebar opens beside it.
  const widths = new ResizeObserver((changes) => {
    for (const change of changes) offerFocus(change.target);
  });

  addEventListener("load", async () => {
    await document.fonts.ready;
    for (const frame of document.querySelectorAll(FRAMES)) {
      offerFocus(frame);
      widths.observe(frame);
    }
  });
})();
