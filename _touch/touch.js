/* A recurrent network you can touch.

   Every `figure.touch` of a page holds a picture in a slot. Where scripts run, a figure comes into
   the slot: step through it, change its weights, inputs and lengths, and see what follows. Where
   they do not run, the picture stays. The slot has the figure's height from the start (touch.css),
   so that nothing moves on the page. */

(() => {
"use strict";
const touch = (globalThis.unrolledTouch ??= {});
const {
  zeros, norm, isLive, run, count, list, presets, start, spell, el, name, rich, two, narrow,
  short, shortest, minus, anyDiffers, parsed, strips, column, numbers, meters, slider, button, toFragment, fromFragment,
} = touch;

const DOT = "\u25cf"; // at every step that moved; the sentence below says so
const SPEEDS = [["\u00bd\u00d7", 1800], ["1\u00d7", 900], ["2\u00d7", 450]];
const GATES = {
  lstm: [["i", "i = \u03c3(z_i), input gate"], ["j", "j = tanh(z_j), candidate", true],
    ["f", "f = \u03c3(z_f + f_0), forget gate"], ["o", "o = \u03c3(z_o), output gate"]],
  gru: [["r", "r, reset gate"], ["u", "u, update gate"], ["candidate", "candidate", true]],
};
const counted = (steps) => `${steps} step${steps === 1 ? "" : "s"}`;
const plural = (noun, items) => `${noun}${items.length > 1 ? "s" : ""} ${list(items)}`;
const at = (blocks, t) => blocks.map((row) => row[t]); // [B, T, N] -> [B, N]
/** A copy of nested arrays and objects with another value at the end of a path. */
const put = (block, [key, ...rest], value) => Object.assign(
  Array.isArray(block) ? [...block] : { ...block },
  { [key]: rest.length ? put(block[key], rest, value) : value });
const get = (block, path) => path.reduce((inner, key) => inner[key], block);
const limited = (value) => Math.max(-10, Math.min(10, value));

let figures = 0; // for ids that no two figures of a page share

/** Put the touchable figure in the place of the picture. */
function mount(figure) {
  const preset = presets[figure.dataset.preset];
  const slot = figure.querySelector(".touch-slot");
  if (!preset || !slot) return;
  const id = `${figure.id || "touch"}-${figures++}`;
  const first = start(preset);
  const gates = GATES[preset.cell];
  const [B, D] = [first.inputs.length, first.wx.length];
  const columnsOfWeights = first.b.length; // U, or a block of U for each gate
  const U = first.wh.length;
  const sizes = { B, D, U, ...preset };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const way = preset.backwards ? -1 : 1; // in which a reader walks through the steps
  let model = start(preset);
  let past = []; // the models before, for undo
  let lastChanged = null; // what moved last
  let running = null; // the change that goes on: a slider that is dragged, a word that is typed
  let note = ""; // what is to be said about the last thing that a reader did
  let speed = 1;
  let timer = null;

  const units = count(U).map((j) => `unit ${j}`);
  const inputNames = preset.letters ? [...preset.letters] : count(D).map((j) => `input ${j}`);
  const weightNames = gates ? gates.map(([key]) => key) : units;
  const rows = count(B).map(String);

  // --- what the reader can change
  const same = (one, other) => JSON.stringify({ ...one, selected: 0 }) ===
    JSON.stringify({ ...other, selected: 0 }); // looking at another step is no change
  function become(next, what = null, said = "") {
    if (!same(next, model) && (what === null || what !== running)) {
      past.push(model);
      running = what;
    } else if (past.length && same(next, past.at(-1))) { // typed, and typed back
      past.pop();
      running = null;
    }
    show(next, what, said);
  }
  function show(next, what, said) {
    stop();
    lastChanged = what;
    note = said;
    model = { ...next, selected: Math.min(next.selected, next.steps - 1) };
    draw();
  }
  const change = (path, value) => become(put(model, path, value), path.join());
  const read = (text) => {
    const { model: next, note: said } = spell(model, preset, text);
    become(next, "word", said);
  };
  /** For a field of a table: `path` says which number it holds. */
  const edited = (path) => (i, j, field, leaving) => {
    const where = path(i, j);
    const value = parsed(field.value);
    if (value !== null && limited(value) !== get(model, where)) change(where, limited(value));
    if (!leaving) return;
    running = null;
    const used = minus(get(model, where));
    if (value === null) note = `\u201c${field.value}\u201d is no number: ${used} stays.`;
    else if (limited(value) !== value) note = `Numbers go from \u221210 to 10: ${used} is used.`;
    field.value = used;
    draw();
  };
  const sliders = preset.sliders.map(([label, path, low, high, by], i) => ({
    path, by,
    ...slider(`${id}-slider-${i}`, label, low, high, by, (value) => change(path(model), value)),
  }));
  const steps = preset.fixed ? null
    : slider(`${id}-steps`, "Steps T", 1, preset.maxSteps, 1, (value) => become({
      ...model, steps: value, selected: preset.backwards ? value - 1 : model.selected,
    }, "steps"));
  const lengths = first.lengths?.map((_, i) => slider(`${id}-length-${i}`, `Length of row ${i}`, 0,
    preset.maxSteps, 1, (value) => change(["lengths", i], value)));
  const wordField = preset.letters && el("input", { type: "text", id: `${id}-word`, size: 9,
    autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    "aria-describedby": `${id}-hint`,
    oninput: () => read(wordField.value),
    onchange: () => { running = null; wordField.value = model.word; } });
  const hint = el("small", { id: `${id}-hint`, role: "status" });
  const word = preset.letters && el("div", { class: "word" },
    el("label", { for: `${id}-word` }, "Word"), wordField,
    ...preset.words.map((w) => button(w, `Read ${w}`, () => { running = null; read(w); })), hint);

  // --- the chain: the folded picture, and one tab for each step
  const folded = column(sizes);
  folded.nodes[2].append(
    el("svg", { class: "loop", viewBox: "0 0 26 44" },
      el("path", { class: "line", d: "M0 10 h10 q10 0 10 12 q0 12 -10 12 h-4" }),
      el("path", { d: "M0 34 l9 -6 v12 z" })),
    el("span", { class: "equals" }, "="));
  const footed = preset.gradient || gates; // numbers stand under the steps
  const foot = (kind = "") => footed ? el("span", { class: `foot ${kind}` },
    ...(preset.gradient ? rows : []).map((row) => el("span", { class: "track" }, el("span"),
      kind && B > 1 ? row : "")), el("span", { class: "value" })) : null;
  const columns = count(preset.maxSteps).map((t) => {
    const parts = column(sizes);
    const said = el("span", { class: "unseen" });
    const bars = foot();
    const tab = el("button", { type: "button", role: "tab", class: "step", id: `${id}-step-${t}`,
      "aria-controls": `${id}-panel`, onclick: () => select(t) }, said,
      el("span", { class: "drawn", "aria-hidden": "true" },
        el("span", { class: "time" }, el("span", { class: "long" }, "t = "), `${t}`),
        ...parts.nodes, el("span", { class: "flag" }, DOT), bars));
    return { ...parts, tab, said, bars };
  });
  const before = strips(B, U); // the initial state
  const beforeBars = foot("first");
  const rowNames = () => el("span", { class: "strips" },
    ...rows.map((row, i) => el("span", { class: `strip row-${i}` }, B > 1 ? row : "")));
  const blank = (kind) => el("span", { class: `box ${kind} blank` },
    preset.answers && kind === "output" ? el("span", { class: "answer" }) : null, rowNames(),
    el("span", { class: "name" }, B > 1 ? "row" : "\u00a0"));
  const origin = el("span", { class: "origin", "aria-hidden": "true" },
    el("span", { class: "time" }, "start"), blank("output"), el("span", { class: "up blank" }),
    el("span", { class: "box cell" }, before.node,
      el("span", { class: "name" }, ...name(preset.cell === "lstm" ? "c" : "h", -1))),
    el("span", { class: "up blank" }), blank("input"), el("span", { class: "flag" }, "\u00a0"),
    beforeBars);
  const chain = el("div", { class: "chain", role: "tablist", "aria-label": "Time steps",
    onkeydown: (event) => {
      const to = { ArrowLeft: model.selected - 1, ArrowRight: model.selected + 1, Home: 0,
        End: model.steps - 1 }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      select(to);
      columns[model.selected].tab.focus({ preventScroll: true });
    } }, ...columns.map((one) => one.tab));

  // --- stepping through time, and back through what was changed
  const firstOfWalk = () => (preset.backwards ? model.steps - 1 : 0);
  const lastOfWalk = () => (preset.backwards ? 0 : model.steps - 1);
  const home = button(preset.backwards ? "Last" : "First", preset.backwards ? "To the last step"
    : "To the first step", () => select(firstOfWalk()));
  const back = button("\u25c0 Step", "Step back", () => select(model.selected - 1));
  const play = button("Play", null, () => (timer ? stop() : playFromHere()));
  const on = button("Step \u25b6", "Step forward", () => select(model.selected + 1));
  const pace = button("", null, () => { stop(); speed = (speed + 1) % SPEEDS.length; draw(); });
  const undo = button("Undo", null, () => {
    if (!past.length) return;
    running = null;
    show(past.pop(), null, "The last change is undone.");
  });
  const reset = button("Reset", "Reset all to how it was",
    () => become(start(preset), null, "All is as it was at the start."));
  const link = button("Link", "Copy a link to what is shown", async () => {
    const fragment = toFragment(figure.id, model, preset);
    const address = `${location.href.split("#")[0]}#${fragment}`;
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      note = "The link is copied: it opens the figure as it is now.";
    } catch { // no clipboard outside of https, or not allowed
      note = "The address bar has the link: it opens the figure as it is now.";
    }
    draw();
  });
  const said = el("p", { class: "said", role: "status", "aria-live": "polite" });

  function select(t, playing = false) {
    if (!playing) stop();
    note = "";
    lastChanged = running = null;
    model = { ...model, selected: Math.max(0, Math.min(model.steps - 1, t)) };
    draw();
  }
  function playFromHere() {
    timer = setInterval(() => {
      select(model.selected + way, true);
      if (model.selected === lastOfWalk()) stop();
    }, SPEEDS[speed][1]);
    select(model.selected === lastOfWalk() ? firstOfWalk() : model.selected, true);
  }
  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    draw();
  }
  calm.addEventListener("change", () => { stop(); draw(); });
  document.addEventListener("visibilitychange", stop);

  // --- the chosen step in numbers, and the weights
  const panelTitle = el("p", { class: "title" });
  const choices = rows.map((row, i) => el("input", { type: "radio", name: `${id}-row`, value: row,
    onchange: () => change(["row"], i) }));
  const choice = B > 1 ? el("fieldset", { class: "choice" }, el("legend", {}, "Batch row"),
    ...choices.map((radio, i) => el("label", {}, radio, rows[i]))) : null;
  const levels = gates ? meters(gates.map(([, label, signed]) => ({ label, signed })))
    : preset.answers ? meters([...preset.answers].map((label) => ({ label }))) : null;
  const formula = gates ? el("p", { class: "formula" }) : null;
  const mask = first.lengths ? el("table", { class: "mask", role: "table" }) : null;
  const xTable = gates ? null : numbers(1, inputNames, preset.letters ? null
    : edited((_, j) => ["inputs", model.row, model.selected, j]), String);
  const sums = gates ? null : numbers(model.lengths ? 7 : 6, units);
  const open = preset.open && figure.clientWidth > 600; // on a phone it is a screen of its own
  const panel = el("div", { class: "panel", role: "tabpanel", id: `${id}-panel`, tabindex: 0 },
    panelTitle, choice, levels?.node, formula, mask,
    gates ? null : el("details", { class: "sums", ...(open ? { open: "" } : {}) },
      el("summary", {}, "The sum in numbers"), xTable.node, sums.node));
  const weight = {
    wx: numbers(D, weightNames, edited((i, j) => ["wx", i, j])),
    wh: numbers(U, weightNames, edited((i, j) => ["wh", i, j])),
    b: numbers(1, weightNames, edited((_, j) => ["b", j])),
    ...(preset.answers ? {
      wy: numbers(U, [...preset.answers], edited((i, j) => ["wy", i, j])),
      by: numbers(1, [...preset.answers], edited((_, j) => ["by", j])),
    } : {}),
  };
  const weights = el("details", { class: "weights" },
    el("summary", {}, "Weights, shared by all steps"),
    el("div", { class: "tables" }, ...Object.values(weight).map((one) => one.node)));
  const scrolling = [panel, weights.lastChild]; // where their numbers need more than the width
  const taskSaid = el("span", { class: "state", role: "status" });
  const task = el("p", { class: "task" }, el("strong", {}, "Try this. "), ...rich(preset.task.ask),
    " ", taskSaid);

  // --- write the numbers into all of it
  const shape = (letters, ...numbers) =>
    el("span", { class: "shape" }, ` [${letters}] = [${numbers.join(", ")}]`);

  /** What a figure that was never touched shows, for the same word: what moved is marked. */
  function untouched() {
    if (preset.letters) return spell(first, preset, model.word).model;
    return { ...first, steps: first.inputs[0].length };
  }

  function draw() {
    const { steps: T, selected: t, row: r } = model;
    const now = run(model);
    const baseline = run(untouched());
    const masked = (s) => rows.map((_, i) => !isLive(s, i, now.lengths));
    const framed = (s) => rows.map((_, i) => now.lengths !== null && s === now.lengths[i] - 1);
    const slices = (all, s) => ({
      x: at(all.inputs, s), h: at(all.memories ?? all.states, s + 1),
      y: at(all.probabilities ?? all.outputs, s), letter: model.word?.[s],
      answer: preset.answers && likeliest(all.probabilities[0][s] ?? [0]),
    });
    const likeliest = (p) => preset.answers[p.indexOf(Math.max(...p))];
    const lengthsOf = preset.gradient === "states" // [B, T+1], or [B, T]
      ? now.gradients.states.map((row) => row.map((g) => norm(g) / Math.sqrt(U)))
      : now.gradients?.inputs.map((row) => row.map(norm));
    const largest = lengthsOf && Math.max(...lengthsOf.flat(), preset.gradient === "states" ? 1 : 1e-9);
    const drawFoot = (node, index, hidden) => {
      if (gates) node.lastChild.replaceChildren(...narrow(two(now.memories[0][index][0])));
      else lengthsOf.forEach((row, i) => {
        const track = node.children[i];
        track.classList.toggle("masked", hidden[i]);
        track.firstChild.style.setProperty("--size", row[index] / largest);
        if (B === 1) node.lastChild.replaceChildren(...shortest(row[index]));
      });
    };
    const later = preset.gradient === "inputs" ? 0 : 1; // states begin with the one before step 0
    const changedSteps = [];

    columns.forEach(({ tab, said: tabSaid, set, bars, boxes }, s) => {
      tab.hidden = s >= T;
      if (tab.hidden) return;
      set(s, slices(now, s), slices(baseline, s), masked(s), framed(s));
      const changed = boxes.some((box) => box.classList.contains("changed"));
      if (changed) changedSteps.push(s);
      tab.classList.toggle("moved", changed);
      tab.classList.toggle("ahead", timer !== null && way > 0 && s > t);
      tab.classList.toggle("unreached", way < 0 && s < t);
      tab.setAttribute("aria-selected", s === t);
      tab.setAttribute("tabindex", s === t ? 0 : -1);
      const keep = gates && now.gates[s][0][preset.cell === "lstm" ? "f" : "u"][0];
      if (gates) tab.style.setProperty("--keep", keep);
      const ended = masked(s).flatMap((off, i) => (off ? [i] : []));
      tabSaid.textContent = [`Step ${s}`, model.word && `letter ${model.word[s]}`,
        preset.answers && `answer ${likeliest(now.probabilities[0][s])}`,
        ended.length && `padding in row ${list(ended)}`,
        gates && `${preset.cell === "lstm" ? "c" : "h"} ${two(now.memories[0][s + 1][0])}`,
        preset.gradient === "states" && (way > 0 || s >= t) && `gradient ${short(lengthsOf[0][s + 1])}`,
        changed && "moved since the start"].filter(Boolean).join(", ");
      if (bars) drawFoot(bars, s + later, masked(s));
    });
    before.set(zeros(B, U), null);
    if (beforeBars && later) drawFoot(beforeBars, 0, [false]);
    origin.classList.toggle("unreached", way < 0 && t > 0);

    const base = slices(baseline, t);
    folded.set("t", slices(now, t), base, masked(t), framed(t));
    panelTitle.replaceChildren(`Step ${t}`, ...(model.word ? [`, letter ${model.word[t]}`] : []),
      ...(preset.answers ? [": how likely is each letter to come next?"] : []));
    panel.setAttribute("aria-labelledby", columns[t].tab.id);
    choices.forEach((radio, i) => {
      radio.checked = i === r;
      origin.querySelectorAll(`.row-${i}`).forEach((one) => one.classList.toggle("chosen", i === r));
    });
    if (preset.answers) levels.set(now.probabilities[0][t]);
    if (gates) {
      levels.set(gates.map(([key]) => now.gates[t][0][key][0]));
      formula.replaceChildren(...equation(now, t));
    }
    if (mask) drawMask(now);
    if (sums) drawSums(now, baseline, base, masked(t)[r]);
    drawWeights();

    if (steps) {
      steps.field.max = model.word?.length ?? preset.maxSteps;
      steps.set(T);
    }
    sliders.forEach(({ set, path, by }) => {
      const value = get(model, path(model));
      set(value, value.toFixed(by < 0.1 ? 2 : 1));
    });
    lengths?.forEach((one, i) => { one.field.max = T; one.set(Math.min(model.lengths[i], T)); });
    if (wordField) {
      if (wordField !== document.activeElement) wordField.value = model.word;
      hint.textContent = (lastChanged === "word" && note) ||
        `It reads the letters ${list([...preset.letters])}, up to ${preset.maxSteps} of them.`;
    }
    home.setAttribute("aria-disabled", t === firstOfWalk());
    back.setAttribute("aria-disabled", t === 0);
    on.setAttribute("aria-disabled", t === T - 1);
    undo.setAttribute("aria-disabled", past.length === 0);
    play.hidden = pace.hidden = calm.matches;
    play.textContent = timer ? "Stop" : "Play";
    pace.textContent = SPEEDS[speed][0];
    pace.setAttribute("aria-label", `Speed ${SPEEDS[speed][0]}`);
    body.classList.toggle("many", T > 4);
    body.classList.toggle("crowded", T > 6);
    const done = preset.task.done(model, now);
    task.classList.toggle("done", done);
    taskSaid.replaceChildren(...rich(done ? `\u2713 Done. ${preset.task.learned}` : "Not done yet."));
    said.setAttribute("aria-live", timer ? "off" : "polite");
    said.replaceChildren(
      [lastChanged === "word" ? "" : note, ...sentences(now, lengthsOf)].filter(Boolean).join(" "),
      ...(changedSteps.length ? [" ", el("span", { class: "dot", "aria-hidden": "true" }, DOT),
        `\u00a0${moved(changedSteps)}`] : []));
  }

  /** The equation of a gated cell at one step, in letters and in numbers. */
  function equation({ gates: all, memories: [c], states: [h] }, t) {
    const g = Object.fromEntries(Object.entries(all[t][0]).map(([key, [value]]) => [key, value]));
    const times = (a, b) => `${two(a)} \u00b7 ${b < 0 ? `(${two(b)})` : two(b)}`;
    const [old, next] = [c[t][0], c[t + 1][0]];
    const line = (...parts) => el("span", {}, ...parts.flatMap((part) => part));
    if (preset.cell === "gru") {
      return [line(name("h", t), " = u \u00b7 ", name("h", t - 1), " + (1 \u2212 u) \u00b7 candidate"),
        line(`= ${times(g.u, old)} + ${times(1 - g.u, g.candidate)} = ${two(next)}`)];
    }
    return [
      line(name("c", t), " = f \u00b7 ", name("c", t - 1), " + i \u00b7 j"),
      line(`= ${times(g.f, old)} + ${times(g.i, g.j)} = ${two(next)}`),
      line(name("h", t), " = o \u00b7 tanh(", name("c", t), ") ",
        `= ${times(g.o, Math.tanh(next))} = ${two(h[t + 1][0])}`)];
  }

  /** Which steps are real: 1, or padding: 0. */
  function drawMask({ lengths: ends }) {
    const times = count(model.steps);
    const cell = (tag, text, chosen) => el(tag, { ...(chosen ? { class: "chosen" } : {}),
      role: tag === "td" ? "cell" : tag === "th" ? "columnheader" : "rowheader" }, text);
    mask.replaceChildren(
      el("caption", {}, "The mask", shape("B, T", B, model.steps), ": 1 is real, 0 is padding"),
      el("tr", { role: "row" }, cell("th", "step", false),
        ...times.map((s) => cell("th", `${s}`, s === model.selected))),
      ...rows.map((row, i) => el("tr", { role: "row" },
        el("th", { scope: "row", role: "rowheader" }, `row ${row}`),
        ...times.map((s) => el("td", { role: "cell", class: [
          isLive(s, i, ends) ? "" : "padding", s === model.selected ? "chosen" : ""].join(" ") },
          isLive(s, i, ends) ? "1" : "0")))));
  }

  /** The written sum of one row at the chosen step, part by part. */
  function drawSums(now, baseline, base, off) {
    const { selected: t, row: r } = model;
    const [xt, h, ht] = [name("x", t), name("h", t - 1), name("h", t)];
    const scaled = model.scale === 1 ? "" : `${model.scale.toFixed(2)} `;
    xTable.set([], [[...xt, shape("B, D", B, D)]], [now.inputs[r][t]], [base.x[r] ?? []], [off],
      `x, step ${t}, row ${r}`);
    const { parts } = now;
    const was = (part) => baseline.parts[t]?.[part][r] ?? [];
    const written = [ // [name, numbers now, numbers at the start, thrown away?]
      [h, now.states[r][t], baseline.states[r][t] ?? []],
      [[...name("x", t), " ", ...name("W", "x")], parts[t].fromInput[r], was("fromInput"), off],
      [["+ ", ...name("h", t - 1), ` ${scaled}`, ...name("W", "h")], parts[t].fromState[r],
        was("fromState"), off],
      [["+ ", el("var", {}, "b")], model.b, first.b, off],
      [["= sum"], parts[t].sum[r], was("sum"), off],
      [[...ht, off ? " kept" : " = tanh"], now.states[r][t + 1], baseline.states[r][t + 1] ?? [], off],
      [[...name("y", t), off ? " is 0" : " = ", ...(off ? [] : name("h", t))], now.outputs[r][t],
        baseline.outputs[r][t] ?? [], off],
    ].slice(0, model.lengths ? 7 : 6);
    const sized = (nodes, i) => [...nodes, i === 3 ? shape("U", U) : shape("B, U", B, U)];
    sums.set([], written.map((line, i) => sized(line[0], i)), ...[1, 2, 3].map((k) =>
      written.map((line) => line[k])));
  }

  function drawWeights() {
    const wide = gates ? [`${gates.length}U`, columnsOfWeights] : ["U", U];
    const [xRows, hRows] = preset.letters ? [inputNames, units] // row is "from", column is "to"
      : [count(D).map((i) => `x${i}`), count(U).map((i) => `h${i}`)];
    const set = (key, title, names, label) => weight[key].set(title, names.map((one) => [one]),
      [model[key]].flat(Array.isArray(model[key][0]) ? 1 : 0),
      [first[key]].flat(Array.isArray(model[key][0]) ? 1 : 0), [], label);
    set("wx", [...name("W", "x"), shape(`D, ${wide[0]}`, D, wide[1])], xRows, "W x");
    set("wh", [...name("W", "h"), shape(`U, ${wide[0]}`, U, wide[1])], hRows, "W h");
    set("b", [el("var", {}, "b"), shape(...wide)], ["b"], "bias");
    if (!preset.answers) return;
    const C = preset.answers.length;
    set("wy", [...name("W", "out"), shape("U, C", U, C)], units, "W out");
    set("by", [...name("b", "out"), shape("C", C)], ["b"], "bias out");
  }

  const moved = (changed) => {
    const [from, to] = [changed[0], changed.at(-1)];
    return changed.length > 2 && to - from === changed.length - 1
      ? `Moved since the start: steps ${from} to ${to}.`
      : `Moved since the start: ${plural("step", changed)}.`;
  };

  /** What the chosen step shows, in words. */
  function sentences(now, lengthsOf) {
    const { steps: T, selected: t, row: r, word: letters } = model;
    if (gates) return gateSentences(now, t);
    const all = [];
    if (preset.gradient === "states") {
      const size = (s) => lengthsOf[0][s + 1];
      const start = `At the start it is ${short(size(-1))} times as long.`;
      all.push(t === T - 1 ? `The gradient starts at step ${t}, the last one: its length there counts as 1.`
        : preset.backwards ? `From step ${t + 1} back to step ${t} the gradient's length was ` +
          `multiplied by ${short(size(t) / size(t + 1))}: it is now ${short(size(t))}.`
        : `${counted(T - 1 - t)} back from the last state, at step ${t}, the gradient is ` +
          `${short(size(t))} times as long as it was there.`);
      if (!preset.backwards || t === 0) all.push(start);
    } else if (now.lengths) {
      const ended = rows.filter((_, i) => !isLive(t, i, now.lengths));
      all.push(ended.length === 0 ? `Step ${t}: every row is real here.`
        : `Step ${t}: ${plural("row", ended)} ended before. There the output is 0, the state is ` +
          "copied, and no gradient reaches the input.");
    } else {
      const answer = (s) => preset.answers[
        now.probabilities[0][s].indexOf(Math.max(...now.probabilities[0][s]))];
      // An earlier step that read the same: does the layer tell the two apart?
      const twin = count(t).findLastIndex((s) => !anyDiffers(now.inputs[r][t], now.inputs[r][s]));
      const same = twin >= 0 && !anyDiffers(now.outputs[r][t], now.outputs[r][twin]);
      if (letters) all.push(`Step ${t} reads ${letters[t]} and answers ${answer(t)}.`);
      if (twin >= 0) {
        all.push(letters ? `Step ${twin} read ${letters[t]} too, and answered ${answer(twin)}.`
          : `Step ${t} reads the same numbers as step ${twin} in row ${r}.`,
          same ? "The new states are the same."
          : "The new states differ, because the states before them differ.");
      } else if (t > 0 && !letters) all.push(`Step ${t} reads its inputs and the state of step ${t - 1}.`);
      if (t === 0) all.push("The state before step 0 is all zeros.");
    }
    if (model.scale === 0) all.push("Nothing of the state before comes in: the loop is cut.");
    return all;
  }

  function gateSentences({ gates: all, memories: [c] }, t) {
    const g = all[t][0];
    const [old, next] = [two(c[t][0]), two(c[t + 1][0])];
    const begin = t === 0 ? "The memory begins at 0." : "";
    return preset.cell === "lstm"
      ? [`Step ${t} keeps ${two(g.f[0])} of the memory, ${old}, and adds ${two(g.i[0] * g.j[0])}: ` +
        `now c is ${next}. It shows ${two(g.o[0])} of tanh(c).`, begin.replace("memory", "memory c")]
      : [`Step ${t} keeps ${two(g.u[0])} of the state, ${old}, and takes ${two(1 - g.u[0])} of the ` +
        `candidate, ${two(g.candidate[0])}: now h is ${next}.`, begin.replace("memory", "state h")];
  }

  /** Show what the link to this page holds, if it is about this figure. */
  function fromAddress() {
    try {
      const linked = fromFragment(location.hash, figure.id, preset);
      if (!linked) return;
      become(linked, null, "This is what the link holds.");
    } catch {
      note = "The link holds something that this figure cannot show, so it is left out.";
      draw();
    }
    figure.scrollIntoView();
  }

  const body = el("div", { class: `touch-body ${preset.cell ?? "basic"}`, role: "group",
    "aria-label": preset.label },
    el("div", { class: "controls" }, word, steps?.node, ...sliders.map((one) => one.node),
      ...(lengths ?? []).map((one) => one.node)),
    el("div", { class: "network" },
      el("div", { class: "folded", "aria-hidden": "true" },
        el("span", { class: "time" }, "folded"), ...folded.nodes),
      origin, chain),
    el("div", { class: "buttons" }, home, back, play, on, pace, undo, reset, link),
    said, task, panel, el("p", { class: "legend" }, ...rich(preset.legend)), weights);
  body.style.setProperty("--rows", B);
  slot.append(body); // beside the picture, which is for paper
  figure.classList.add("touch-live");
  draw();
  const hints = new ResizeObserver(() => requestAnimationFrame(() => scrolling.forEach((one) =>
    one.classList.toggle("more", one.scrollWidth > one.clientWidth + 1))));
  [body, ...body.querySelectorAll("table")].forEach((one) => hints.observe(one));
  fromAddress();
  window.addEventListener("hashchange", fromAddress);
}

document.querySelectorAll("figure.touch").forEach(mount);
Object.assign(touch, { mount });
})();
