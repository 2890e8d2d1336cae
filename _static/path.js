/* What a reader has read and answered. It is kept in this browser's own storage and nowhere else;
   where the browser forbids that, one sentence says so and the pages read as before. */
(() => {
  const KEY = "unrolled-path"; // {chapter: {read: true, answers: {question: right at first try}}}
  let kept = {};

  const load = () => {
    const text = localStorage.getItem(KEY); // throws where storage is forbidden
    try {
      kept = Object(JSON.parse(text) ?? {});
    } catch {
      kept = {};
    }
  };
  const save = () => {
    for (const [name, each] of Object.entries(kept)) if (!Object.keys(each).length) delete kept[name];
    if (Object.keys(kept).length) localStorage.setItem(KEY, JSON.stringify(kept));
    else localStorage.removeItem(KEY);
  };
  const allowed = () => { // reads alone: a page that wrote back what it finds could lose what comes later
    try {
      load();
      return !localStorage.forgets; // layout.html gives a page such a one where it is forbidden
    } catch {
      return false;
    }
  };

  const chapterOf = (address) => address.split(/[?#]/)[0].match(/\/(\d\d_\w+)\.html$/)?.[1];
  const here = chapterOf(location.href);
  const mine = () => (kept[here] ??= {});
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // A question is a run of answers with nothing between them; its number is its place on the page.
  const questions = () => {
    const found = [];
    for (const answer of document.querySelectorAll("details.answer")) {
      if (answer.previousElementSibling?.matches("details.answer")) found.at(-1).push(answer);
      else found.push([answer]);
    }
    return found;
  };
  let tests, mark, score, again, sum, erase, erased;

  const draw = () => {
    const links = document.querySelectorAll(".path-map li > p:first-child > a, .bd-links a");
    let read = 0;
    for (const link of links) {
      const done = Boolean(kept[chapterOf(link.href)]?.read);
      const was = link.querySelector(".path-tick");
      if (done && !was)
        link.append(element("span", { className: "path-tick", role: "img", ariaLabel: "read" }, "✓"));
      if (!done) was?.remove();
      if (done && link.closest(".path-map")) read += 1;
    }
    if (mark) {
      mark.textContent = kept[here]?.read ? "Marked as read" : "Mark as read";
      mark.classList.toggle("path-done", Boolean(kept[here]?.read));
      mark.ariaPressed = Boolean(kept[here]?.read);
    }
    if (score) {
      const answers = Object.values(kept[here]?.answers ?? {});
      const right = answers.filter(Boolean).length;
      again.hidden = !answers.length;
      score.textContent = "Of each question, the answer that you open first counts.";
      if (answers.length)
        score.textContent = `${right} of ${tests.length} right at first try` +
          (answers.length < tests.length ? `, ${answers.length} answered so far.` : ".");
    }
    if (sum) {
      const all = document.querySelectorAll(".path-map li").length;
      sum.textContent = `You have marked ${read} of ${all} chapters as read.`;
      erase.hidden = !Object.keys(kept).length;
      if (!erase.hidden) erased.textContent = "";
    }
  };

  const refuse = () => {
    const place = document.querySelector(".path-foot, .path-status");
    if (!place) return;
    const said = "This browser lets no page keep anything, so chapters cannot be marked as read.";
    place.replaceChildren(element("span", { role: "status" }, said));
    if (place.matches(".path-status")) place.nextElementSibling?.remove(); // that it is kept
  };

  const change = (how) => {
    try {
      load(); // another tab may have written meanwhile
      how();
      save();
    } catch {
      refuse(); // storage is full or was forbidden meanwhile
    }
    draw();
  };

  const button = (text, className, how) =>
    element("button", { type: "button", className, textContent: text, onclick: () => change(how) });

  const begin = () => {
    const foot = document.querySelector(".path-foot");
    const onMap = document.querySelector(".path-status");
    if (!allowed()) {
      refuse();
      return;
    }
    if (foot) {
      mark = button("", "path-read", () => {
        if (mine().read) delete mine().read;
        else mine().read = true;
      });
      foot.append(mark, element("p", {}, "Kept in this browser alone, for the map of the chapters."));
    }
    tests = questions();
    const line = document.querySelector(".path-score");
    if (line && tests.length) {
      again = button("Answer again", "path-small", () => {
        delete mine().answers;
        for (const answer of tests.flat()) answer.open = false;
        tests[0][0].querySelector("summary").focus(); // the button goes
      });
      again.hidden = true;
      score = element("span");
      line.append(score, " ", again);
      // The reader's own click or key, not what a search or a printer opens.
      document.addEventListener("click", (event) => {
        const answer = event.target.closest("details.answer > summary")?.parentElement;
        const number = tests.findIndex((test) => test.includes(answer));
        if (number < 0 || answer.open) return;
        change(() => ((mine().answers ??= {})[number] ??= answer.classList.contains("right")));
      });
    }
    if (onMap) {
      sum = element("span");
      erased = element("span", { role: "status", tabIndex: -1 });
      erase = button("Delete what is kept", "path-small", () => {
        kept = {};
        erased.textContent = "Deleted.";
        erased.focus(); // the button goes
      });
      onMap.append(sum, " ", erase, erased);
    }
    draw();
    const follow = () => allowed() && draw();
    addEventListener("storage", follow); // another tab has changed it
    addEventListener("pageshow", (event) => event.persisted && follow()); // back to this page
  };

  document.addEventListener("DOMContentLoaded", begin);
})();
