/* What the figures are made of: elements that are built once, each with a `set` that writes numbers
   into it after every change. */

(() => {
"use strict";
const touch = (globalThis.unrolledTouch ??= {});
const { count } = touch;

const SVG = ["svg", "rect", "path"];

/** An element with attributes, listeners (`onclick: f`) and children; text is never markup. */
function el(tag, attributes = {}, ...children) {
  const node = SVG.includes(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const minus = (text) => String(text).replace("-", "\u2212");
const name = (letter, index) => [el("var", {}, letter), el("sub", {}, minus(index))];
/** W_h in a text becomes a letter with its index. */
const rich = (text) => text.split(/(\b[A-Za-z]_\w\b)/).map((part, i) =>
  i % 2 ? el("span", {}, ...name(...part.split("_"))) : part);
const decimals = (value) => minus((Math.abs(value) < 5e-5 ? 0 : value).toFixed(4));
const two = (value) => minus((Math.abs(value) < 5e-3 ? 0 : value).toFixed(2));
const short = (value) => minus(value === 0 ? "0" : value < 1e-3 ? value.toExponential(0)
  : value >= 10 ? value.toFixed(0) : value.toPrecision(2));
/** A number under a step: where little room is, the zero before its point goes. */
const narrow = (text) => {
  const [, sign, rest] = /^(\D?)0(\..*)$/.exec(text) ?? [];
  return rest ? [sign, el("span", { class: "zero" }, "0"), rest] : [text];
};
const shortest = (value) => narrow(value >= 1e-3 && value < 0.1 ? value.toFixed(3)
  : value > 0 && value < 1e-3 ? value.toExponential(0) : short(value));
const differs = (a, b) => b === undefined || Math.abs(a - b) > 1e-12;
const anyDiffers = (a, b) => a.some((value, i) => differs(value, b?.[i]));

/** What a reader means by a number, with a comma or a point and with either minus; or null. */
function parsed(text) {
  const plain = text.trim().replace("\u2212", "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

/** One strip of bars for each row: up for a positive number, down for a negative one. With
    `unsigned`, bars from 0 to 1; `most` is the number whose bar has the whole height. */
function strips(rows, bars, { unsigned = false, most = 1 } = {}) {
  const [axis, full] = unsigned ? [39, 38] : [20, 19];
  const strip = () => {
    const line = el("rect", { class: "axis", x: 0, y: axis - 0.5, width: 10 * bars, height: 1 });
    const bar = count(bars).map((j) => el("rect", { class: "bar", x: 10 * j + 0.8, width: 8.4 }));
    const was = count(bars).map((j) =>
      el("rect", { class: "was", x: 10 * j, width: 10, height: 1.6 }));
    const svg = el("svg", { viewBox: `0 0 ${10 * bars} 40`, preserveAspectRatio: "none" },
      line, ...bar, ...was);
    return { node: el("span", { class: "strip" }, svg), bar, was };
  };
  const all = count(rows).map(strip);
  const height = (value) => full * Math.max(-1, Math.min(1, value / most));
  return {
    node: el("span", { class: "strips" }, ...all.map((one) => one.node)),
    /** values, base [B, N]; masked, framed: booleans for the rows. `base` is where it started. */
    set(values, base, masked = [], framed = []) {
      all.forEach(({ node, bar, was }, i) => {
        node.classList.toggle("masked", Boolean(masked[i]));
        node.classList.toggle("framed", Boolean(framed[i]));
        values[i].forEach((value, j) => {
          const h = height(value);
          bar[j].setAttribute("y", axis - Math.max(h, 0));
          bar[j].setAttribute("height", Math.abs(h));
          const ghost = base?.[i] && differs(value, base[i][j]);
          was[j].setAttribute("visibility", ghost ? "visible" : "hidden");
          if (ghost) was[j].setAttribute("y", axis - 0.8 - height(base[i][j]));
        });
      });
    },
  };
}

/** The picture of one step, from the bottom up: input, cell, output. */
function column({ B, D, U, letters, answers, cell }) {
  const input = letters ? el("span", { class: "letter" }) : strips(B, D);
  const state = strips(B, U, { most: cell === "lstm" ? 2 : 1 });
  const output = answers ? strips(B, answers.length, { unsigned: true }) : strips(B, U);
  const answer = answers && el("span", { class: "answer" });
  const labels = [answers ? "p" : "y", cell === "lstm" ? "c" : "h", "x"];
  const names = labels.map(() => el("span", { class: "name" }));
  const boxes = [["output", output], ["cell", state], ["input", input]].map(([kind, inside], i) =>
    el("span", { class: `box ${kind}` }, i === 0 ? answer : null, inside.node ?? inside, names[i]));
  const up = () => el("span", { class: "up" });
  return {
    nodes: [boxes[0], up(), boxes[1], up(), boxes[2]],
    boxes,
    set(t, now, base, masked = [], framed = []) {
      if (letters) input.textContent = now.letter;
      else input.set(now.x, base.x, masked);
      if (answers) answer.textContent = now.answer;
      state.set(now.h, base.h, masked);
      output.set(now.y, base.y, masked, framed);
      ["y", "h", "x"].forEach((key, i) => {
        names[i].replaceChildren(...name(labels[i], t));
        const moved = now[key].some((row, r) => anyDiffers(row, base[key][r]));
        boxes[i].classList.toggle("changed", moved);
      });
    },
  };
}

/** A table of numbers; with `edit`, of fields. Roles are spelled out: on a phone the rows wrap.
    The fields are of text: those of numbers drop a comma in silence, and 0,5 becomes 5. */
function numbers(rows, columnNames, edit = null, format = decimals) {
  const title = el("caption");
  const field = (i, j) => el("input", {
    type: "text", autocomplete: "off", spellcheck: "false",
    oninput: ({ target }) => edit(i, j, target, false),
    onchange: ({ target }) => edit(i, j, target, true), // leaving the field: show what is used
    onkeydown: (event) => {
      const by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      const value = by && parsed(event.target.value);
      if (typeof value !== "number") return;
      event.preventDefault();
      event.target.value = Math.round(1e6 * (value + by)) / 1e6;
      edit(i, j, event.target, false);
    },
  });
  const cells = count(rows).map((i) =>
    columnNames.map((_, j) => (edit ? field(i, j) : el("span"))));
  const marks = cells.map((row) => row.map(() => el("span", { class: "arrow" })));
  const heads = cells.map(() => el("th", { scope: "row", role: "rowheader" }));
  const lines = cells.map((row, i) => el("tr", { role: "row" }, heads[i],
    ...row.map((cell, j) => el("td", { role: "cell" }, cell, marks[i][j]))));
  const head = el("tr", { role: "row" }, el("td", { role: "cell" }),
    ...columnNames.map((c) => el("th", { scope: "col", role: "columnheader" }, c)));
  const node = el("table", { role: "table", style: `--columns: ${columnNames.length}` }, title,
    el("thead", { role: "rowgroup" }, head),
    el("tbody", { role: "rowgroup" }, ...lines));
  return {
    node,
    /** titles and names: nodes and strings; base: where the numbers started; padding: grey rows. */
    set(titles, names, values, base, padding = [], label = "") {
      title.replaceChildren(...titles);
      const longest = Math.max(...values.flat().map((value) => String(value).length));
      node.style.setProperty("--digits", Math.min(longest, 8));
      values.forEach((row, i) => {
        heads[i].replaceChildren(...names[i]);
        lines[i].classList.toggle("padding", Boolean(padding[i]));
        row.forEach((value, j) => {
          const cell = cells[i][j];
          if (!edit) cell.textContent = format(value);
          else {
            cell.setAttribute("aria-label", `${label}, ${heads[i].textContent}, ${columnNames[j]}`);
            if (cell !== document.activeElement) cell.value = minus(value);
          }
          const before = base[i]?.[j];
          const moved = differs(value, before);
          cell.parentNode.classList.toggle("changed", moved);
          marks[i][j].textContent = !moved ? "" : value < before ? "\u25be" : "\u25b4";
        });
      });
    },
  };
}

/** Bars that lie, each with a name and its number: from 0 to 1, or with `signed` from -1 to 1. */
function meters(items) {
  const all = items.map(({ label, signed }) => {
    const bar = el("span");
    const amount = el("span", { class: "amount" });
    const tube = el("span", { class: `tube ${signed ? "signed" : ""}`, "aria-hidden": "true" }, bar);
    const node = el("li", {}, el("span", { class: "what" }, ...rich(label)), tube, amount);
    return { node, bar, amount, signed };
  });
  return {
    node: el("ul", { class: "meters" }, ...all.map((one) => one.node)),
    set: (values) => all.forEach(({ bar, amount, signed }, i) => {
      const [from, to] = signed ? [50 + 50 * Math.min(values[i], 0), 50 + 50 * Math.max(values[i], 0)]
        : [0, 100 * values[i]];
      bar.style.left = `${from}%`;
      bar.style.width = `${to - from}%`;
      amount.textContent = two(values[i]);
    }),
  };
}

/** A slider with its name before it and its number behind it. */
function slider(id, label, min, max, by, onchange) {
  const field = el("input", { type: "range", id, min, max, step: by,
    oninput: () => onchange(field.valueAsNumber) });
  const value = el("span", { class: "amount", "aria-hidden": "true" }); // the slider says it
  const node = el("div", { class: "slider" }, el("label", { for: id }, ...rich(label)), field, value);
  return { node, field, set: (v, shown = v) => { field.value = v; value.textContent = minus(shown); } };
}

const button = (text, label, onclick) =>
  el("button", { type: "button", "aria-label": label, onclick }, text);

Object.assign(touch, {
  el, name, rich, two, narrow, short, shortest, minus, anyDiffers, parsed, strips, column, numbers, meters, slider,
  button,
});
})();
