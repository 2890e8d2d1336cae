/* What does not fit the column scrolls within its own frame: code, outputs with wide pictures,
   tables, formulas. Such a frame takes the keyboard's focus, so that the arrow keys scroll it; one that fits does not. */
(() => {
  const FRAMES = [
    "article pre", ".cell_output", ".pst-scrollable-table-container", "mjx-container[display]",
  ].join();

  const offerFocus = () => {
    for (const frame of document.querySelectorAll(FRAMES)) {
      if (frame.scrollWidth > frame.clientWidth + 1) frame.tabIndex = 0;
      else frame.removeAttribute("tabindex");
    }
  };

  addEventListener("resize", offerFocus);
  addEventListener("load", () => {
    (window.MathJax?.startup?.promise ?? Promise.resolve()).then(offerFocus);
  });
})();
