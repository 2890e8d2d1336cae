/* What does not fit the column scrolls within its own frame: outputs, tables, formulas. Such a frame
   takes the keyboard's focus, so that the arrow keys scroll it, and its classes say on which sides
   there is more; one that fits has neither. */
(() => {
  const FRAMES = [
    "article pre", ".cell_output", ".pst-scrollable-table-container", "article div.math > math",
  ].join();

  const describe = (frame) => {
    const beyond = frame.scrollWidth - frame.clientWidth;
    if (beyond > 1) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
    frame.classList.toggle("more-left", beyond > 1 && frame.scrollLeft > 1);
    frame.classList.toggle("more-right", beyond > 1 && frame.scrollLeft < beyond - 1);
  };

  // A frame changes its width with the window, and also when a sidebar opens beside it.
  const widths = new ResizeObserver((changes) => {
    for (const change of changes) describe(change.target);
  });

  addEventListener("load", async () => {
    await document.fonts.ready;
    for (const frame of document.querySelectorAll(FRAMES)) {
      describe(frame);
      widths.observe(frame);
    }
  });
  addEventListener("scroll", ({ target }) => {
    if (target.matches?.(FRAMES)) describe(target);
  }, { capture: true, passive: true });
})();

/* A link to a solution, or to a place in it, opens it. */
(() => {
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const place = target?.matches(".solution") ? target.firstElementChild : target;
    const closed = [];
    for (let each = place; each; each = each.parentElement)
      if (each.matches("details:not([open])")) closed.push(each);
    for (const each of closed) each.open = true;
    if (closed.length) target.scrollIntoView();
  };
  addEventListener("DOMContentLoaded", open);
  addEventListener("hashchange", open);
})();

/* The button for the theme says which one is on, and what it does. */
(() => {
  const NAMES = { light: "light", dark: "dark", auto: "as on your device" };
  const root = document.documentElement;
  const name = () => {
    const order = matchMedia("(prefers-color-scheme: dark)").matches
      ? ["auto", "light", "dark"] : ["auto", "dark", "light"];  // the theme's own
    const now = order.indexOf(root.dataset.mode || "auto");
    const label = `Theme: ${NAMES[order[now]]}. Change to: ${NAMES[order[(now + 1) % 3]]}`;
    for (const button of document.querySelectorAll(".theme-switch-button")) {
      button.setAttribute("aria-label", label);
      button.setAttribute(button.title ? "title" : "data-bs-original-title", label);
    }
  };
  addEventListener("DOMContentLoaded", name);
  new MutationObserver(name).observe(root, { attributeFilter: ["data-mode"] });
})();

/* Paper is white: what is printed has the light theme, and the screen gets its own back. */
(() => {
  const root = document.documentElement;
  let chosen = "light";
  const paper = () => {
    if (root.dataset.theme === "light") return;
    chosen = root.dataset.theme;
    root.dataset.theme = "light";
  };
  const screen = () => {
    if (chosen === "light") return;
    root.dataset.theme = chosen;
    chosen = "light";
  };
  addEventListener("beforeprint", paper);
  addEventListener("afterprint", screen);
  // Some browsers print without these two.
  const printed = matchMedia("print");
  printed.addEventListener("change", () => (printed.matches ? paper() : screen()));
})();

/* The copy button keeps the focus, which its script takes away, and says what has happened. */
(() => {
  let status;
  addEventListener("DOMContentLoaded", () => {
    status = Object.assign(document.createElement("p"), { className: "visually-hidden" });
    status.role = "status";
    document.querySelector("main").append(status);
  });
  addEventListener("click", ({ target }) => { // comes to the window last, when all is done
    const button = target.closest("button.copybtn");
    if (!button) return;
    button.focus({ preventScroll: true });
    status.textContent = button.dataset.tooltip === "Copied!" ? "Copied" : "Could not be copied";
    setTimeout(() => { status.textContent = ""; }, 2000); // so that it is said each time
  });
})();

/* On a narrow page the contents lie over the text: who has chosen a section wants to see it. */
document.addEventListener("click", ({ target }) => {
  const drawer = document.getElementById("pst-secondary-sidebar-checkbox");
  if (drawer && target.closest(".bd-sidebar-secondary a")) drawer.checked = false;
});
