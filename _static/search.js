/* The search box: results while one types, from Pagefind's index of sections, which is not fetched
   before the box has the focus. Pages read from a folder cannot fetch it: there the box leads to
   the search page, and Sphinx's own index answers. */
(() => {
  const ROOT = new URL("..", document.currentScript.src);
  const AT_ONCE = 10; // results, and as many more for each press of the button
  // How much a word counts where it is not prose: see tools/book_extension/search.py.
  const RANKING = {
    termSimilarity: 20,
    metaWeights: { title: 5, aliases: 12, code: 0.2, chapter: 0, url: 0 },
  };
  // Below it a result has nothing of a word but its first letter.
  const LEAST_SCORE = 0.05;
  const FOLDER = location.protocol === "file:";

  const load = async () => {
    const index = await import(new URL("pagefind/pagefind.js", ROOT));
    await index.options({ ranking: RANKING });
    await index.init();
    return index;
  };
  let loading;
  const pagefind = () => loading ??= load().catch((lost) => {
    loading = null; // to be tried again
    throw lost;
  });

  const matches = async (index, words) =>
    (await index.search(words)).results.filter(({ score }) => score > LEAST_SCORE);

  const find = async (query) => {
    const index = await pagefind();
    const all = await matches(index, query);
    if (all.length) return all;
    // No section has all of the words: first come those that have the most of them.
    const found = new Map();
    for (const word of new Set(query.split(/\s+/))) {
      for (const result of await matches(index, word)) {
        const score = Math.log1p(result.score) + (found.get(result.id)?.score ?? 0);
        found.set(result.id, { ...result, score });
      }
    }
    return [...found.values()].sort((one, other) => other.score - one.score);
  };

  // Before all others comes what is named just so, or what chapters/search.yml sends these words to.
  const exactFirst = (query) => {
    const plain = (text) => text.trim().toLowerCase();
    const exact = ({ meta: { title, aliases = "" } }) =>
      [title, ...aliases.split(" | ")].map(plain).includes(plain(query));
    return (one, other) => exact(other) - exact(one);
  };

  const made = (tag, className, text = "") =>
    Object.assign(document.createElement(tag), { className, textContent: text });

  const item = ({ meta, excerpt, content }) => {
    const [line, link, text] = [made("li", ""), made("a", "", meta.title), made("p", "")];
    link.href = new URL(meta.url, ROOT);
    line.append(link);
    if (meta.chapter !== meta.title) line.append(" ", made("span", "search-chapter", meta.chapter));
    text.innerHTML = excerpt; // escaped by Pagefind, the words that were found in <mark>
    const shown = text.textContent;
    if (!content.startsWith(shown)) text.prepend("… ");
    if (!content.endsWith(shown)) text.append(" …");
    line.append(text);
    return line;
  };

  const setUp = (box) => {
    box.hidden = false;
    const input = box.querySelector("input");
    const status = box.querySelector("[role=status]");
    const list = made("ol", "search-list");
    const more = Object.assign(made("button", "search-more", "More results"), { type: "button" });
    let found = [], turn = 0;

    const show = async () => {
      const mine = turn, start = list.childElementCount;
      const next = found.slice(start, start + AT_ONCE).map((result) => result.data());
      const lines = (await Promise.all(next)).sort(exactFirst(input.value)).map(item);
      if (mine !== turn) return;
      list.append(...lines);
      more.hidden = list.childElementCount >= found.length;
      return lines[0];
    };

    const search = async () => {
      const mine = ++turn, query = input.value.trim();
      let results = [];
      try {
        if (query) results = await find(query);
      } catch {
        status.textContent = "The search could not be loaded. Is there a network?";
        return;
      }
      if (mine !== turn) return; // something else has been typed since
      found = results;
      list.replaceChildren();
      box.closest("dialog")?.scrollTo(0, 0);
      await show();
      if (mine !== turn) return;
      const count = found.length === 1 ? "1 result" : `${found.length || "No"} results`;
      status.textContent = query && `${count} for “${query}”`;
    };

    // Without Pagefind, Sphinx's scripts read the address of the search page and fill its results.
    const askSphinx = async () => {
      status.textContent = "Type a word or two and press Enter.";
      if (box.closest("dialog")) return;
      DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; // which would be fetched
      for (const name of ["_static/language_data.js", "_static/searchtools.js", "searchindex.js"]) {
        const script = Object.assign(document.createElement("script"), { src: new URL(name, ROOT) });
        document.head.append(script);
        await new Promise((loaded) => script.addEventListener("load", loaded));
      }
    };

    const asked = new URLSearchParams(location.search).get("q") ?? "";
    if (!box.closest("dialog")) input.value = asked;
    if (FOLDER) {
      askSphinx();
      return;
    }
    box.querySelector("#search-results").append(list, more);
    more.hidden = true;
    more.addEventListener("click", async () => (await show())?.querySelector("a").focus());
    input.addEventListener("focus", () => pagefind().catch(() => {})); // said while one types
    input.addEventListener("input", search);
    if (input.value) search();
    if (!box.closest("dialog")) {
      input.addEventListener("input", () =>
        history.replaceState(null, "", `?${new URLSearchParams({ q: input.value })}`));
      box.addEventListener("submit", (event) => event.preventDefault()); // the results are there
    }
    // The arrow keys walk from the box down the results and back.
    box.addEventListener("keydown", (event) => {
      const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const stops = [input, ...list.querySelectorAll("a")];
      const next = stops[stops.indexOf(document.activeElement) + way];
      if (!way || !stops.includes(document.activeElement)) return;
      event.preventDefault();
      next?.focus();
    });
  };

  // The theme has listeners for the same keys and buttons, and would look for a box of its own:
  // these come first, since this script runs first.
  const open = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.querySelector(".search-dialog");
    const input = document.querySelector("#search-input");
    if (!dialog?.open) dialog?.showModal();
    input.focus();
    input.select();
  };
  addEventListener("keydown", (event) => {
    const alone = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (alone && event.key.toLowerCase() === "k") open(event);
  }, true);
  addEventListener("click", (event) => {
    if (event.target.closest(".search-button__button")) open(event);
    // A click on what the dialog dims closes it, and so does the way to a result on this page.
    else if (event.target.matches(".search-dialog, .search-close, .search-list a"))
      event.target.closest("dialog")?.close();
  }, true);
  addEventListener("DOMContentLoaded", () => setUp(document.querySelector(".search-box")));
})();
