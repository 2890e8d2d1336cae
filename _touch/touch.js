/* An unrolled network you can touch.

   Every `figure.touch` of a page holds a picture. Where scripts run, this module puts a recurrent
   layer in the picture's place: step through it, change its weights, inputs and lengths, and see
   what follows. Where they do not run, the picture stays.

   1. Arithmetic: pure functions on nested arrays. They are `unrolled.reference` once more, with the
      same names, shapes and conventions, and are tested against it.
   2. Presets: what a figure shows at the start. A preset is data; all figures share one code path.
   3. Drawing: build the elements once, then write the numbers into them after every change.

   Letters as in the book: B rows in the batch, T steps, D inputs, U units.

   It is a script and not a module of the browser's kind, which would not load from a file:// address:
   the book is read from a folder too. */

(() => {
"use strict";


// ---------------------------------------------------------------------------- 1. Arithmetic

/** [N] @ [N, M] -> [M] */
function product(vector, matrix) {
  return matrix[0].map((_, j) => vector.reduce((sum, value, i) => sum + value * matrix[i][j], 0));
}

const add = (...vectors) => vectors[0].map((_, i) => vectors.reduce((sum, v) => sum + v[i], 0));
const zeros = (...shape) =>
  Array.from({ length: shape[0] }, () => (shape.length > 1 ? zeros(...shape.slice(1)) : 0));
const transpose = (matrix) => matrix[0].map((_, j) => matrix.map((row) => row[j]));
const norm = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** One time step and its parts, each [B, U]; x [B, D], h [B, U], kernel [D+U, U], bias [U]. */
function step(x, h, kernel, bias) {
  const depth = kernel.length - bias.length; // rows :D meet the input, rows D: the state
  const fromInput = x.map((row) => product(row, kernel.slice(0, depth)));
  const fromState = h.map((row) => product(row, kernel.slice(depth)));
  const sum = x.map((_, i) => add(fromInput[i], fromState[i], bias));
  return { fromInput, fromState, sum, state: sum.map((row) => row.map(Math.tanh)) };
}

/** All states [B, T+1, U], the initial one first; past its length a row's state stands still. */
function forward(inputs, kernel, bias, initialState = null, lengths = null) {
  let h = initialState ?? zeros(inputs.length, bias.length);
  const states = h.map((row) => [row]);
  for (let t = 0; t < inputs[0].length; t++) {
    const next = step(inputs.map((row) => row[t]), h, kernel, bias).state;
    h = h.map((row, i) => (isLive(t, i, lengths) ? next[i] : row));
    h.forEach((row, i) => states[i].push(row));
  }
  return states;
}

/** Is step t of row i real, or padding? */
const isLive = (t, i, lengths) => lengths === null || t < lengths[i];

/** Outputs [B, T, U] of states [B, T+1, U]: the new state, or zeros past a row's length. */
function outputsOf(states, lengths = null) {
  return states.map((row, i) =>
    row.slice(1).map((h, t) => (isLive(t, i, lengths) ? h : zeros(h.length))));
}

/** Backpropagation through time: from the gradient of the outputs, [B, T, U], to all others. */
function backward(inputs, states, kernel, dOutputs, lengths = null) {
  const units = kernel[0].length;
  const depth = kernel.length - units;
  const across = transpose(kernel); // [U, D+U]
  const d = {
    kernel: zeros(kernel.length, units),
    bias: zeros(units),
    inputs: zeros(inputs.length, inputs[0].length, depth),
    states: zeros(inputs.length, inputs[0].length + 1, units),
  };
  inputs.forEach((row, i) => {
    let dH = zeros(units); // nothing comes from after the last step
    for (let t = row.length - 1; t >= 0; t--) {
      const live = isLive(t, i, lengths);
      if (live) dH = add(dH, dOutputs[i][t]);
      d.states[i][t + 1] = dH;
      if (!live) continue; // a copied state hands its gradient on as it is
      const dZ = dH.map((value, u) => value * (1 - states[i][t + 1][u] ** 2)); // tanh' = 1 - tanh²
      const joined = [...row[t], ...states[i][t]]; // [D+U]
      joined.forEach((value, k) => dZ.forEach((dz, u) => (d.kernel[k][u] += value * dz)));
      d.bias = add(d.bias, dZ);
      const dJoined = product(dZ, across); // [U] @ [U, D+U]
      d.inputs[i][t] = dJoined.slice(0, depth);
      dH = dJoined.slice(depth);
    }
    d.states[i][0] = dH;
  });
  return d;
}

/** Everything a figure shows, from what its reader can change. */
function run(model) {
  const { steps, scale, lengths } = model;
  const inputs = model.inputs.map((row) => row.slice(0, steps)); // [B, T, D]
  const kernel = [...model.wx, ...model.wh.map((row) => row.map((value) => scale * value))];
  const states = forward(inputs, kernel, model.b, null, lengths);
  const outputs = outputsOf(states, lengths);
  // The gradient of the sum of each row's last relevant output: ones at that step.
  const dOutputs = outputs.map((row, i) =>
    row.map((y, t) => y.map(() => (t === (lengths ? lengths[i] : steps) - 1 ? 1 : 0))));
  const gradients = backward(inputs, states, kernel, dOutputs, lengths);
  const at = (blocks, t) => blocks.map((row) => row[t]); // [B, T, N] -> [B, N]
  const parts = inputs[0].map((_, t) => step(at(inputs, t), at(states, t), kernel, model.b));
  return { inputs, kernel, states, outputs, gradients, parts };
}

// ------------------------------------------------------------------------------- 2. Presets

const count = (n) => Array.from({ length: n }, (_, i) => i);
const table = (rows, columns, value) =>
  count(rows).map((i) =>
    count(columns).map((j) => Math.round(100 * value(i * columns + j + 1)) / 100));
const oneHot = (word, letters) => [...word].map((c) => [...letters].map((l) => (l === c ? 1 : 0)));

// The book's running example, chapter 1.
const X = [
  [[0, 1, 2], [9, 8, 7]],
  [[3, 4, 5], [3, 4, 5]],
  [[6, 7, 8], [6, 5, 4]],
  [[9, 0, 1], [3, 2, 1]],
].map((row) => row.map((x) => x.map((value) => value / 10)));
const running = {
  wx: table(3, 5, (n) => Math.sin(n) / 2), // [D, U]
  wh: table(5, 5, (n) => Math.cos(n) / 2), // [U, U]
  b: [-0.2, -0.1, 0, 0.1, 0.2],
};
/** Its rows, their two steps repeated up to `steps`; past `lengths`, zeros. */
const repeated = (rows, steps, lengths = null) =>
  rows.map((row, i) =>
    count(steps).map((t) => (isLive(t, i, lengths) ? [...row[t % 2]] : [0, 0, 0])));

const presets = {
  // Three units whose weights can be read: one notes an l and keeps it, one says whether the letter
  // is a vowel, and one hears from that one a step later.
  word: {
    label: "A recurrent layer reads a word",
    letters: "helo",
    words: ["hello", "hole", "eel"],
    units: ["l so far", "vowel now", "vowel before"],
    legend: "The three bars of a state, from left to right: an l so far, a vowel now, a vowel one " +
      "step before. Up is yes, down is no.",
    maxSteps: 8,
    maxScale: 1.5,
    start: {
      word: "hello",
      steps: 5,
      selected: 3,
      wx: [[0, -1.5, 0], [0, 1.5, 0], [1, -1.5, 0], [0, 1.5, 0]],
      wh: [[1.5, 0, 0], [0, 0, 1.5], [0, 0, 0]],
      b: [0, 0, 0],
    },
  },
  "two-steps": {
    label: "Two steps, four rows, five units",
    legend: "Each strip is one row of the batch, each bar one number of it: up is positive, down " +
      "is negative. Steps 2 to 5 repeat the inputs of steps 0 and 1.",
    maxSteps: 6,
    maxScale: 1.5,
    start: { inputs: repeated(X, 6), steps: 2, selected: 1, row: 1, ...running },
  },
  unroll: {
    label: "One row, folded and unrolled, with its gradient",
    gradient: "states",
    legend: "Bars at the bottom: the gradient of the sum of the last output with respect to each " +
      "state. Each number is its length, divided by its length at the last state.",
    maxSteps: 12,
    maxScale: 2,
    start: { inputs: repeated(X.slice(3), 12), steps: 8, selected: 0, ...running },
  },
  lengths: {
    label: "Four rows with lengths of their own",
    gradient: "inputs",
    legend: "Hatched: past the row's length. Framed: the row's last relevant output. Bars at the " +
      "bottom: the length of the gradient of that output's sum with respect to each input.",
    maxSteps: 6,
    start: {
      inputs: repeated(X, 6, [4, 1, 2, 3]), steps: 4, selected: 2, row: 1, lengths: [4, 1, 2, 3],
      ...running,
    },
  },
};

/** A fresh model: what a reader can change, as the preset has it. */
function start(preset) {
  const model = structuredClone({ scale: 1, row: 0, lengths: null, word: null, ...preset.start });
  return model.word === null ? model : spell(model, preset, model.word);
}

/** Let the model read another word, all of it; other letters than the preset's are left out. */
function spell(model, preset, text) {
  const known = [...text.toLowerCase()].filter((c) => preset.letters.includes(c));
  const word = known.slice(0, preset.maxSteps).join("");
  if (word === "") return model;
  const selected = Math.min(model.selected, word.length - 1);
  return { ...model, word, selected, steps: word.length, inputs: [oneHot(word, preset.letters)] };
}

// ------------------------------------------------------------------------------- 3. Drawing

/** An element with attributes, listeners (`onclick: f`) and children; text is never markup. */
function el(tag, attributes = {}, ...children) {
  const svg = tag === "svg" || tag === "rect" || tag === "path";
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const minus = (text) => String(text).replace("-", "\u2212");
const name = (letter, index) => [el("var", {}, letter), el("sub", {}, minus(index))];
const decimals = (value) => minus((Math.abs(value) < 5e-5 ? 0 : value).toFixed(4));
const short = (value) => minus(value === 0 ? "0" : value < 1e-3 ? value.toExponential(0)
  : value >= 10 ? value.toFixed(0) : value.toPrecision(2));
const differs = (a, b) => b === undefined || Math.abs(a - b) > 1e-12;
const anyDiffers = (a, b) => a.some((value, i) => differs(value, b?.[i]));
const list = (items) => items.length < 2 ? items.join("")
  : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;

const counted = (steps) => `${steps} step${steps === 1 ? "" : "s"}`;
const plural = (noun, items) => `${noun}${items.length > 1 ? "s" : ""} ${list(items)}`;

/** One strip of bars for each row: up for a positive number, down for a negative one. */
function strips(rows, bars) {
  const strip = () => {
    const axis = el("rect", { class: "axis", x: 0, y: 19.5, width: 10 * bars, height: 1 });
    const bar = count(bars).map((j) => el("rect", { class: "bar", x: 10 * j + 1.5, width: 7 }));
    const was = count(bars).map((j) =>
      el("rect", { class: "was", x: 10 * j, width: 10, height: 1.6 }));
    const svg = el("svg", { viewBox: `0 0 ${10 * bars} 40`, preserveAspectRatio: "none" },
      axis, ...bar, ...was);
    return { node: el("span", { class: "strip" }, svg), bar, was };
  };
  const all = count(rows).map(strip);
  const height = (value) => 19 * Math.max(-1, Math.min(1, value));
  return {
    node: el("span", { class: "strips" }, ...all.map((one) => one.node)),
    /** values, base [B, N]; masked, framed: booleans for the rows. `base` is where it started. */
    set(values, base, masked, framed = []) {
      all.forEach(({ node, bar, was }, i) => {
        node.classList.toggle("masked", masked[i]);
        node.classList.toggle("framed", Boolean(framed[i]));
        values[i].forEach((value, j) => {
          const h = height(value);
          bar[j].setAttribute("y", 20 - Math.max(h, 0));
          bar[j].setAttribute("height", Math.abs(h));
          const ghost = base?.[i] && differs(value, base[i][j]);
          was[j].setAttribute("visibility", ghost ? "visible" : "hidden");
          if (ghost) was[j].setAttribute("y", 19.2 - height(base[i][j]));
        });
      });
    },
  };
}

/** The picture of one step, from the bottom up: input, cell, output. */
function column(rows, depth, units, letters) {
  const input = letters ? el("span", { class: "letter" }) : strips(rows, depth);
  const state = strips(rows, units);
  const output = strips(rows, units);
  const labels = ["y", "h", "x"].map(() => el("span", { class: "name" }));
  const boxes = [["output", output], ["cell", state], ["input", input]].map(([kind, inside], i) =>
    el("span", { class: `box ${kind}` }, inside.node ?? inside, labels[i]));
  const up = () => el("span", { class: "up" });
  return {
    nodes: [boxes[0], up(), boxes[1], up(), boxes[2]],
    boxes,
    set(t, now, base, masked, framed) {
      if (letters) input.textContent = now.letter;
      else input.set(now.x, base.x, masked);
      state.set(now.h, base.h, masked);
      output.set(now.y, base.y, masked, framed);
      ["y", "h", "x"].forEach((key, i) => {
        labels[i].replaceChildren(...name(key, t));
        const moved = now[key].some((row, r) => anyDiffers(row, base[key][r]));
        boxes[i].classList.toggle("changed", moved);
      });
    },
  };
}

/** A table of numbers; with `edit`, of fields. Roles are spelled out: on a phone the rows wrap. */
function numbers(rows, columnNames, edit = null, format = decimals) {
  const title = el("caption");
  const limit = (value) => Math.max(-10, Math.min(10, value));
  const cells = count(rows).map((i) => columnNames.map((_, j) => edit
    ? el("input", {
        type: "number", step: 0.1, min: -10, max: 10, autocomplete: "off",
        oninput: ({ target: { valueAsNumber: value } }) =>
          Number.isFinite(value) && edit(i, j, limit(value)),
        onchange: ({ target }) => edit(i, j, null, target), // leaving the field: show what is used
      })
    : el("span")));
  const marks = cells.map((row) => row.map(() => el("span", { class: "arrow" })));
  const heads = cells.map(() => el("th", { scope: "row", role: "rowheader" }));
  const lines = cells.map((row, i) => el("tr", { role: "row" }, heads[i],
    ...row.map((cell, j) => el("td", { role: "cell" }, cell, marks[i][j]))));
  const head = el("tr", { role: "row" }, el("td", { role: "cell" }),
    ...columnNames.map((c) => el("th", { scope: "col", role: "columnheader" }, c)));
  return {
    node: el("table", { role: "table", style: `--columns: ${columnNames.length}` }, title,
      el("thead", { role: "rowgroup" }, head),
      el("tbody", { role: "rowgroup" }, ...lines)),
    /** titles and names: nodes and strings; base: where the numbers started; padding: grey rows. */
    set(titles, names, values, base, padding = [], label = "") {
      title.replaceChildren(...titles);
      values.forEach((row, i) => {
        heads[i].replaceChildren(...names[i]);
        lines[i].classList.toggle("padding", Boolean(padding[i]));
        row.forEach((value, j) => {
          const cell = cells[i][j];
          if (!edit) cell.textContent = format(value);
          else {
            cell.setAttribute("aria-label", `${label}, ${heads[i].textContent}, ${columnNames[j]}`);
            if (cell !== document.activeElement) cell.value = value;
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

let figures = 0; // for ids that no two figures of a page share

/** Put the touchable figure in the place of the picture. */
function mount(figure) {
  const preset = presets[figure.dataset.preset];
  const picture = [...figure.children].find((child) => child.matches("img, :has(img)"));
  if (!preset || !picture) return;
  const id = `touch-${figures++}`;
  const first = start(preset);
  const [B, D, U] = [first.inputs.length, first.wx.length, first.b.length];
  const baseline = run({ ...first, steps: first.inputs[0].length }); // what "changed" compares with
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let model = start(preset);
  let timer = null;

  const units = preset.units ?? count(U).map((j) => `unit ${j}`);
  const inputNames = preset.letters ? [...preset.letters] : count(D).map((j) => `input ${j}`);
  const rows = count(B).map(String);

  // --- what the reader can change
  const change = (changes) => {
    stop();
    model = { ...model, ...changes };
    model.selected = Math.min(model.selected, model.steps - 1);
    draw();
  };
  const edited = (key) => (i, j, value, field = null) => {
    const block = key === "x" ? [model.inputs[model.row][model.selected]]
      : key === "b" ? [model.b] : model[key];
    if (field) field.value = block[i][j];
    else {
      block[i][j] = value;
      change({});
    }
  };
  const slider = (text, min, max, by, onchange) => {
    const field = el("input", { type: "range", id: `${id}-${figures++}`, min, max, step: by,
      oninput: () => onchange(field.valueAsNumber) });
    const value = el("span", { class: "amount", "aria-hidden": "true" }); // the slider says it
    const label = el("label", { for: field.id }, ...text);
    const node = el("div", { class: "slider" }, label, field, value);
    return { node, field, set: (v, shown = v) => { field.value = v; value.textContent = shown; } };
  };
  const button = (text, label, onclick) =>
    el("button", { type: "button", "aria-label": label, onclick }, text);

  const steps = slider(["Steps ", el("var", {}, "T")], 1, preset.maxSteps, 1, (value) => change({
    steps: value, lengths: model.lengths?.map((length) => Math.min(length, value)) ?? null,
  }));
  const scale = preset.maxScale && slider([...name("W", "h"), " times"], 0, preset.maxScale, 0.05,
    (value) => change({ scale: value }));
  const lengths = first.lengths?.map((_, i) => slider([`Length of row ${i}`], 0, preset.maxSteps, 1,
    (value) => change({ lengths: model.lengths.map((old, r) => (r === i ? value : old)) })));
  const wordField = preset.letters && el("input", { type: "text", id: `${id}-word`, size: 9,
    maxlength: preset.maxSteps, autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    "aria-describedby": `${id}-hint`,
    oninput: () => change(spell(model, preset, wordField.value)),
    onchange: () => { wordField.value = model.word; } });
  const word = preset.letters && el("div", { class: "word" },
    el("label", { for: `${id}-word` }, "Word"), wordField,
    ...preset.words.map((w) => button(w, `Read ${w}`, () => change(spell(model, preset, w)))),
    el("small", { id: `${id}-hint` }, `of the letters ${list([...preset.letters])}`));

  // --- the chain: the folded picture, and one tab for each step
  const folded = column(B, D, U, preset.letters);
  const loop = el("svg", { class: "loop", viewBox: "0 0 26 44" },
    el("path", { class: "line", d: "M0 10 h10 q10 0 10 12 q0 12 -10 12 h-4" }),
    el("path", { d: "M0 34 l9 -6 v12 z" }));
  folded.nodes[2].append(loop);
  const bars = (kind) => preset.gradient && el("span", { class: `gradient ${kind}` },
    ...rows.map((row) => el("span", { class: "track" }, el("span"),
      kind && B > 1 ? row : "")), el("span", { class: "value" }));
  const columns = count(preset.maxSteps).map((t) => {
    const parts = column(B, D, U, preset.letters);
    const gradient = bars("");
    const said = el("span", { class: "unseen" });
    const tab = el("button", { type: "button", role: "tab", class: "step", id: `${id}-step-${t}`,
      "aria-controls": `${id}-panel`, onclick: () => select(t) }, said,
      el("span", { class: "drawn", "aria-hidden": "true" },
        el("span", { class: "time" }, `t = ${t}`), ...parts.nodes,
        el("span", { class: "flag" }, "moved"), ...(gradient ? [gradient] : [])));
    return { ...parts, tab, said, gradient };
  });
  const before = strips(B, U); // the initial state
  const beforeBars = bars("first");
  const rowNames = () => el("span", { class: "strips" },
    ...rows.map((row, i) => el("span", { class: `strip row-${i}` }, B > 1 ? row : "")));
  const blank = (kind) => el("span", { class: `box ${kind} blank` }, rowNames(),
    el("span", { class: "name" }, B > 1 ? "row" : "\u00a0"));
  const spare = B === 1 && !preset.gradient ? "spare" : ""; // a phone has no room for it
  const origin = el("span", { class: `origin ${spare}`, "aria-hidden": "true" },
    el("span", { class: "time" }, "start"), blank("output"), el("span", { class: "up blank" }),
    el("span", { class: "box cell" }, before.node, el("span", { class: "name" }, ...name("h", -1))),
    el("span", { class: "up blank" }), blank("input"), el("span", { class: "flag" }, "\u00a0"),
    ...(beforeBars ? [beforeBars] : []));
  const chain = el("div", { class: "chain", role: "tablist", "aria-label": "Time steps",
    onkeydown: (event) => {
      const to = { ArrowLeft: model.selected - 1, ArrowRight: model.selected + 1, Home: 0,
        End: model.steps - 1 }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      select(to);
      columns[model.selected].tab.focus({ preventScroll: true });
    } }, ...columns.map((one) => one.tab));
  const frame = el("div", { class: "frame" }, origin, chain, el("span", { class: "end" }));

  // --- stepping through time
  const back = button("\u25c0 Step", "Step back", () => select(model.selected - 1));
  const play = button("Play", null, () => (timer ? stop() : playFromHere()));
  const on = button("Step \u25b6", "Step forward", () => select(model.selected + 1));
  const reset = button("Back to the start", null, () => change(start(preset)));
  const said = el("p", { class: "said", role: "status", "aria-live": "polite" });

  function select(t, playing = false) {
    if (!playing) stop();
    model.selected = Math.max(0, Math.min(model.steps - 1, t));
    draw();
    const { offsetLeft: left, offsetWidth: width } = columns[model.selected].tab;
    const room = frame.clientWidth; // scroll the frame, never the page
    if (left < frame.scrollLeft) frame.scrollLeft = left - 20;
    if (left + width > frame.scrollLeft + room) frame.scrollLeft = left + width - room + 20;
  }
  function playFromHere() {
    timer = setInterval(() => {
      select(model.selected + 1, true);
      if (model.selected === model.steps - 1) stop();
    }, 900);
    select(model.selected === model.steps - 1 ? 0 : model.selected, true);
  }
  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    draw();
  }
  calm.addEventListener("change", () => { stop(); draw(); });
  document.addEventListener("visibilitychange", stop);

  // --- the numbers of a step, and the weights
  const panelTitle = el("p", { class: "title" });
  const choices = rows.map((row, i) => el("input", { type: "radio", name: `${id}-row`, value: row,
    onchange: () => change({ row: i }) }));
  const choice = B > 1 && el("fieldset", { class: "choice" }, el("legend", {}, "Batch row"),
    ...choices.map((radio, i) => el("label", {}, radio, rows[i])));
  const xTable = numbers(1, inputNames, preset.letters ? null : edited("x"), String);
  const sums = numbers(model.lengths ? 7 : 6, units);
  const panel = el("div", { class: "panel", role: "tabpanel", id: `${id}-panel`, tabindex: 0 },
    panelTitle, ...(choice ? [choice] : []), xTable.node, sums.node);
  const weight = {
    wx: numbers(D, units, edited("wx")),
    wh: numbers(U, units, edited("wh")),
    b: numbers(1, units, edited("b")),
  };
  const weights = el("details", { class: "weights" },
    el("summary", {}, "Change the weights (all steps share them)"),
    el("div", { class: "tables" }, weight.wx.node, weight.wh.node, weight.b.node));

  // --- write the numbers into all of it
  const at = (blocks, t) => blocks.map((row) => row[t]);
  const shape = (letters, ...sizes) =>
    el("span", { class: "shape" }, ` [${letters}] = [${sizes.join(", ")}]`);

  function draw() {
    const { steps: T, selected } = model;
    const now = run(model);
    const masked = (t) => rows.map((_, i) => !isLive(t, i, model.lengths));
    const framed = (t) => rows.map((_, i) => model.lengths !== null && t === model.lengths[i] - 1);
    const slices = (all, t) => ({
      x: at(all.inputs, t), h: at(all.states, t + 1), y: at(all.outputs, t), letter: model.word?.[t],
    });
    const sizes = preset.gradient === "states"
      ? now.gradients.states.map((row) => row.map((g) => norm(g) / Math.sqrt(U))) // [B, T+1]
      : now.gradients.inputs.map((row) => row.map(norm)); // [B, T]
    const largest = Math.max(...sizes.flat(), preset.gradient === "states" ? 1 : 1e-9);
    const drawGradient = (node, index, hidden) => sizes.forEach((row, i) => {
      const track = node.children[i];
      track.classList.toggle("masked", hidden[i]);
      track.firstChild.style.setProperty("--size", row[index] / largest);
      if (B === 1) node.lastChild.textContent = short(row[index]);
    });
    const changedSteps = [];

    columns.forEach(({ tab, said, set, gradient, boxes }, t) => {
      tab.hidden = t >= T;
      if (tab.hidden) return;
      const base = slices(baseline, t);
      set(t, slices(now, t), base, masked(t), framed(t));
      const changed = boxes.some((box) => box.classList.contains("changed"));
      if (changed) changedSteps.push(t);
      tab.classList.toggle("moved", changed);
      tab.classList.toggle("ahead", timer !== null && t > selected);
      tab.setAttribute("aria-selected", t === selected);
      tab.setAttribute("tabindex", t === selected ? 0 : -1);
      const ended = masked(t).flatMap((off, i) => (off ? [i] : []));
      said.textContent = [`Step ${t}`, model.word && `letter ${model.word[t]}`,
        ended.length && `padding in row ${list(ended)}`,
        preset.gradient === "states" && `gradient ${short(sizes[0][t + 1])}`,
        changed && "moved since the start"].filter(Boolean).join(", ");
      if (gradient) drawGradient(gradient, preset.gradient === "states" ? t + 1 : t, masked(t));
    });
    before.set(zeros(B, U), null, rows.map(() => false));
    if (beforeBars && preset.gradient === "states") drawGradient(beforeBars, 0, [false]);

    const t = selected;
    const base = slices(baseline, t);
    folded.set("t", slices(now, t), base, masked(t), framed(t));
    panelTitle.replaceChildren(`Step ${t}`, ...(model.word ? [`, letter ${model.word[t]}`] : []));
    panel.setAttribute("aria-labelledby", columns[t].tab.id);
    const r = model.row;
    choices.forEach((radio, i) => {
      radio.checked = i === r;
      origin.querySelectorAll(`.row-${i}`).forEach((one) => one.classList.toggle("chosen", i === r));
    });
    const [xt, h, ht] = [name("x", t), name("h", t - 1), name("h", t)];
    const times = model.scale === 1 ? "" : `${model.scale.toFixed(2)} `;
    const off = masked(t)[r];
    xTable.set([], [[...xt, shape("B, D", B, D)]], [now.inputs[r][t]], [base.x[r] ?? []], [off],
      `x, step ${t}, row ${r}`);
    // The written sum of one row: [name, numbers now, numbers at the start, thrown away?]
    const { parts } = now;
    const was = (part) => baseline.parts[t]?.[part][r] ?? [];
    const written = [
      [h, now.states[r][t], baseline.states[r][t] ?? []],
      [[...name("x", t), " ", ...name("W", "x")], parts[t].fromInput[r], was("fromInput"), off],
      [["+ ", ...name("h", t - 1), ` ${times}`, ...name("W", "h")], parts[t].fromState[r],
        was("fromState"), off],
      [["+ ", el("var", {}, "b")], model.b, first.b, off],
      [["= sum"], parts[t].sum[r], was("sum"), off],
      [[...ht, off ? " kept" : " = tanh"], now.states[r][t + 1], base.h[r] ?? [], off],
      [[...name("y", t), off ? " is 0" : " = ", ...(off ? [] : name("h", t))], now.outputs[r][t],
        base.y[r] ?? [], off],
    ].slice(0, model.lengths ? 7 : 6);
    const sized = (nodes, i) =>
      [...nodes, i === 3 ? shape("U", U) : shape("B, U", B, U)];
    sums.set([], written.map((line, i) => sized(line[0], i)), ...[1, 2, 3].map((k) =>
      written.map((line) => line[k])));
    const [xRows, hRows] = preset.letters ? [inputNames, units] // row is "from", column is "to"
      : [count(D).map((i) => `x${i}`), count(U).map((i) => `h${i}`)];
    weight.wx.set([...name("W", "x"), shape("D, U", D, U)], xRows.map((one) => [one]), model.wx,
      first.wx, [], "W x");
    weight.wh.set([...name("W", "h"), shape("U, U", U, U)], hRows.map((one) => [one]), model.wh,
      first.wh, [], "W h");
    weight.b.set([el("var", {}, "b"), shape("U", U)], [["b"]], [model.b], [first.b], [], "bias");

    steps.field.max = model.word?.length ?? preset.maxSteps;
    steps.set(T);
    scale?.set(model.scale, model.scale.toFixed(2));
    lengths?.forEach((one, i) => { one.field.max = T; one.set(model.lengths[i]); });
    if (wordField && wordField !== document.activeElement) wordField.value = model.word;
    back.setAttribute("aria-disabled", t === 0);
    on.setAttribute("aria-disabled", t === T - 1);
    play.hidden = calm.matches;
    play.textContent = timer ? "Stop" : "Play";
    said.setAttribute("aria-live", timer ? "off" : "polite");
    said.textContent = sentences(now, sizes, changedSteps).join(" ");
  }

  /** What the chosen step shows, in words. */
  function sentences(now, sizes, changedSteps) {
    const { steps: T, selected: t, row: r, word: letters } = model;
    const same = (blocks, s) => !anyDiffers(blocks[r][t], blocks[r][s]);
    const all = [];
    if (preset.gradient === "states") {
      all.push(t === T - 1 ? `Step ${t} is the last one: here the gradient starts.`
        : `${counted(T - 1 - t)} back from the last state, at step ${t}, the gradient is ` +
          `${short(sizes[0][t + 1])} times as long as it was there.`);
    } else if (model.lengths) {
      const ended = rows.filter((_, i) => !isLive(t, i, model.lengths));
      all.push(ended.length === 0 ? `Step ${t}: every row is real here.`
        : `Step ${t}: ${plural("row", ended)} ended before. There the output is 0, the state is ` +
          "copied, and no gradient reaches the input.");
    } else {
      // An earlier step that read the same: does the layer tell the two apart?
      const twin = count(t).findLastIndex((s) => same(now.inputs, s));
      if (twin >= 0) {
        all.push(letters ? `Step ${t} reads ${letters[t]}, and so did step ${twin}.`
          : `Step ${t} reads the same numbers as step ${twin} in row ${r}.`,
          same(now.outputs, twin) ? "The new states are the same, too."
          : "The new states differ, because the states before them differ.");
      } else if (letters) all.push(`Step ${t} reads ${letters[t]}.`);
      else if (t > 0) all.push(`Step ${t} reads its inputs and the state of step ${t - 1}.`);
      if (t === 0) all.push("The state before step 0 is all zeros.");
    }
    if (model.scale === 0) all.push("Nothing of the state before comes in: the loop is cut.");
    const [from, to] = [changedSteps[0], changedSteps.at(-1)];
    if (changedSteps.length) {
      all.push(changedSteps.length > 2 && to - from === changedSteps.length - 1
        ? `Moved since the start: steps ${from} to ${to}.`
        : `Moved since the start: ${plural("step", changedSteps)}.`);
    }
    return all;
  }

  const body = el("div", { class: "touch-body", role: "group", "aria-label": preset.label },
    el("div", { class: "controls" },
      ...[word, steps.node, scale?.node, ...(lengths ?? []).map((one) => one.node)].filter(Boolean)),
    el("div", { class: "network" },
      el("div", { class: "folded", "aria-hidden": "true" },
        el("span", { class: "time" }, "folded"), ...folded.nodes),
      el("span", { class: "equals", "aria-hidden": "true" }, "="),
      frame),
    el("p", { class: "legend" }, preset.legend),
    el("div", { class: "buttons" }, back, play, on, reset),
    said, panel, weights);
  body.style.setProperty("--rows", B);
  body.style.setProperty("--units", U);
  picture.replaceWith(body);
  figure.classList.add("touch-live");
  draw();
}

document.querySelectorAll("figure.touch").forEach(mount);
// For the tests, which compare the arithmetic with `unrolled.reference`.
globalThis.unrolledTouch = {
  step, forward, outputsOf, backward, isLive, presets, start, spell, run, mount,
};
})();
