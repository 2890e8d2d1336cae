/* What does not fit the column scrolls within its own frame: code, outputs, tables, formulas. Such a
   frame takes the keyboard's focus, so that the arrow keys scroll it; one that fits does not. */
(() => {
  const FRAMES = "article pre, .pst-scrollable-table-container, mjx-container[display]";

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
