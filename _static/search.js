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
  const HINT = "Enter goes to the first result, Enter again opens it.";
  const FOLDER = location.protocol === "file:";

  // Words that say nothing of what is sought, unless nothing else is typed.
  const SMALL = new Set(("a an and are as at be by can do does did for from get gets give had has " +
    "difference between example problem vs versus " +
    "have how i if in into is it its me must my need not of on or should so take takes than that " +
    "the their there these this to use using was we what when where which who why will with " +
    "work works would you your explain explained meaning mean").split(" "));
  const HANGUL = /[가-힣]/;

  // What is sought, as words: of a dotted name its last part, tf.Session as Session.
  const tidy = (text) => {
    const words = text.toLowerCase().replace(/(?<=\d)[.](?=\d)/g, "") // 12.2 as Pagefind has it
      .replace(/(?:[a-z_]\w*\.)+(?=[a-z_])/g, "")
      .replace(/(?<=\w)[가-힣]+/g, " ") // a particle, as in LSTM이란
      .replace(/[가-힣]+/g, " $& ").replace(/[^\p{L}\p{N}_-]+/gu, " ").replaceAll("-", "")
      .split(" ").filter(Boolean);
    const telling = words.filter((word) =>
      !SMALL.has(word) && (word.length > 1 || HANGUL.test(word)));
    return telling.length ? telling : words;
  };

  const load = async () => {
    const index = await import(new URL("pagefind/pagefind.js", ROOT));
    await index.options({ ranking: RANKING });
    const [answer] = await Promise.all([fetch(new URL("pagefind/words.txt", ROOT)), index.init()]);
    return { index, words: (await answer.text()).split(" ") };
  };
  let loading;
  const pagefind = () => loading ??= load().catch((lost) => {
    loading = null; // to be tried again
    throw lost;
  });

  // How many letters are missing, too many, wrong or exchanged with the next.
  const distance = (one, other) => {
    const rows = [[...other, ""].map((_, column) => column)];
    for (let row = 1; row <= one.length; row++) {
      rows.push([row]);
      for (let column = 1; column <= other.length; column++) {
        const same = one[row - 1] === other[column - 1];
        const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
        rows[row][column] = Math.min(rows[row - 1][column] + 1, rows[row][column - 1] + 1,
          rows[row - 1][column - 1] + !same, swapped ? rows[row - 2][column - 2] + 1 : Infinity);
      }
    }
    return rows.at(-1).at(-1);
  };

  // A word that the book has, or begins with, or the nearest that it has; in Korean the word
  // without the particle after it.
  const known = (words, word) => {
    if (words.some((each) => each.startsWith(word))) return word;
    if (HANGUL.test(word)) {
      const within = words.filter((each) => HANGUL.test(each) && word.startsWith(each));
      return within.sort((one, other) => other.length - one.length)[0];
    }
    let most = word.length < 4 ? 0 : word.length < 8 ? 1 : 2, nearest;
    for (const each of words) {
      if (Math.abs(each.length - word.length) > most) continue;
      const far = distance(word, each);
      if (far <= most) [nearest, most] = [each, far - 1]; // from now on only what is nearer
    }
    return nearest;
  };

  const matches = async (index, words) =>
    (await index.search(words)).results.filter(({ score }) => score > LEAST_SCORE);

  // The sections that have the rarest of the words, or most of them. Two Korean words are often
  // one term, whose halves mean something else.
  const nearest = async (index, words) => {
    const found = new Map();
    const each = await Promise.all(words.filter((word) => !HANGUL.test(word))
      .map((word) => matches(index, word)));
    const most = Math.max(...each.map((results) => results.length));
    for (const results of each) {
      const rare = Math.log1p(most / results.length);
      for (const result of results) {
        const { has = 0, score = 0 } = found.get(result.id) ?? {};
        const told = score + rare * Math.log1p(result.score);
        found.set(result.id, { ...result, has: has + rare, score: told });
      }
    }
    const all = [...found.values()];
    const best = Math.max(...all.map(({ has }) => has));
    return all.filter(({ has }) => has > 0.7 * best)
      .sort((one, other) => other.score - one.score).slice(0, AT_ONCE);
  };

  // The results for what is typed, and what is to be said of them.
  const find = async (query) => {
    const { index, words } = await pagefind();
    const typed = [...new Set(tidy(query))];
    const read = typed.map((word) => known(words, word));
    const left = [...new Set(read.filter(Boolean))], sought = left.join(" ");
    let found = sought ? await matches(index, sought) : [];
    const all = found.length && !read.includes(undefined);
    if (!found.length && left.length > 1) found = await nearest(index, left);
    if (found.length && !all) {
      if (read.includes(undefined)) found = found.slice(0, AT_ONCE);
      const near = found.length === 1 ? "1 comes" : `${found.length} come`;
      return { found, sought, said: `No section has all the words of “${query}”. ${near} near.` };
    }
    const count = found.length === 1 ? "1 result" : `${found.length || "No"} results`;
    const mended = found.length && read.some((word, at) => word !== typed[at]);
    const other = mended ? `, read as “${read.join(" ")}”` : "";
    return { found, sought, said: `${count} for “${query}”${other}` };
  };

  // Before all others comes what is named or numbered just so, or what chapters/search.yml sends
  // these words to; then what is, but for small words.
  const exactFirst = (query, sought) => {
    const spelt = query.trim().toLowerCase();
    const exact = ({ meta: { title, aliases = "" } }) => {
      const [, number, name] = /^(?:(\d[\d.]*)\. )?(.*)$/s.exec(title);
      const names = [number, title, name, ...aliases.split(" | ")].filter(Boolean);
      if (names.some((each) => each.toLowerCase() === spelt)) return 2;
      return names.some((each) => tidy(each).join(" ") === sought) ? 1 : 0;
    };
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
    let found = [], sought = "", turn = 0, latest;

    const show = async () => {
      const mine = turn, start = list.childElementCount;
      const next = found.slice(start, start + AT_ONCE).map((result) => result.data());
      const lines = (await Promise.all(next)).sort(exactFirst(input.value, sought)).map(item);
      if (mine !== turn) return;
      list.append(...lines);
      more.hidden = list.childElementCount >= found.length;
      return lines[0];
    };

    const search = async () => {
      const mine = ++turn, query = input.value.trim();
      let answer = { found: [], sought: "", said: query ? "Type at least two letters." : HINT };
      try {
        if (query.length > 1 || HANGUL.test(query)) answer = await find(query);
      } catch {
        status.textContent = "The search could not be loaded. Is there a network?";
        return;
      }
      if (mine !== turn) return; // something else has been typed since
      ({ found, sought } = answer);
      list.replaceChildren();
      box.closest("dialog")?.scrollTo(0, 0);
      await show();
      if (mine === turn) status.textContent = answer.said;
    };

    // Without Pagefind, Sphinx's scripts read the address of the search page and fill its results.
    const askSphinx = async () => {
      status.textContent = "Type a word or two and press Enter. " +
        "From a folder the search finds pages; from a web server it finds sections.";
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
    input.addEventListener("input", () => latest = search());
    latest = search();
    // On a phone this puts the keyboard away and shows the results.
    box.addEventListener("submit", async (event) => {
      event.preventDefault();
      await latest;
      list.querySelector("a")?.focus();
    });
    if (!box.closest("dialog")) {
      input.addEventListener("input", () =>
        history.replaceState(null, "", `?${new URLSearchParams({ q: input.value })}`));
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
    // From a result Chromium does not close the dialog of itself.
    const dialog = event.key === "Escape" && document.querySelector(".search-dialog[open]");
    if (!dialog) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.close();
  }, true);
  addEventListener("click", (event) => {
    if (event.target.closest(".search-button__button")) open(event);
    // A click on what the dialog dims closes it, and so does the way to a result on this page.
    else if (event.target.matches(".search-dialog, .search-close, .search-list a"))
      event.target.closest("dialog")?.close();
  }, true);
  // Who follows a result reads on from its heading: the focus goes there.
  const arrive = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const heading = place?.closest("dt") ?? place?.closest("section, .exercise")
      ?.querySelector("h1, h2, h3, h4, .admonition-title");
    if (sessionStorage.getItem("found") !== location.href || !heading) return;
    sessionStorage.removeItem("found");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  addEventListener("click", (event) => {
    const link = event.target.closest(".search-list a");
    if (!link) return;
    sessionStorage.setItem("found", link.href);
    setTimeout(arrive); // where the place is on this page
  });
  addEventListener("DOMContentLoaded", () => {
    setUp(document.querySelector(".search-box"));
    arrive();
  });
})();
