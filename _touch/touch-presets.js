/* What each figure shows at the start, what it lets its reader change, and its task.

   A preset is data, with a few small functions: all figures share the code of touch.js.

   - start: what a reader can change, and a link can hold
   - sliders: [label, where the number lies in that, lowest, highest, by]
   - task: what to try, and the check that it is done, from the model and what `run` makes of it */

(() => {
"use strict";
const touch = (globalThis.unrolledTouch ??= {});
const { isLive, hello } = touch;

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

/* Where the gradient is the matter: W_h hands each unit's number on to the next unit, so that it
   stretches no vector and shrinks none. "times" is then chapter 3's gain, and tanh does the rest. */
const orthogonal = {
  wx: running.wx,
  wh: count(5).map((i) => count(5).map((j) => (j === (i + 1) % 5 ? 1 : 0))),
  b: [0, 0, 0, 0, 0],
};
const lengthAtStart = ({ gradients: { states } }) =>
  touch.norm(states[0][0]) / touch.norm(states[0].at(-1));

const times = (most) => ["W_h times", () => ["scale"], 0, most, 0.05];
const inputNow = ["x at this step", ({ selected }) => ["inputs", 0, selected, 0], -1, 1, 0.1];
const single = (...values) => [values.map((value) => [value])]; // one row, one input

const presets = {
  word: {
    label: "A recurrent network reads a word and guesses the next letter",
    letters: "helo",
    answers: "helo!",
    words: ["hello", "hole", "eel"],
    legend: "Below, the letter that is read. In the middle, the state of three units: up is " +
      "positive, down negative. Above, how likely h, e, l, o and ! are to come next, and the " +
      "likeliest of them. The network was trained on hello! alone.",
    maxSteps: 8,
    sliders: [times(1.5)],
    task: {
      ask: "Make the network give the same answer after both l's of hello.",
      done: ({ word }, { probabilities: [row] }) => word === "hello" && row.length > 3 &&
        row[2].every((p, c) => Math.abs(p - row[3][c]) < 0.01),
      learned: "Without the state before, the layer cannot tell one l from the other.",
    },
    start: { word: "hello", steps: 5, selected: 3, ...hello },
  },
  "two-steps": {
    label: "Two steps, four rows, five units",
    open: true,
    legend: "Each strip is one row of the batch, each bar one number of it: up is positive, down " +
      "is negative. Steps 2 to 5 repeat the inputs of steps 0 and 1.",
    maxSteps: 6,
    sliders: [times(1.5)],
    task: {
      ask: "Make unit 0 forget: its state must hear nothing of the state before, and each of the " +
        "other four units still must.",
      done: ({ wh, scale }) => scale !== 0 &&
        count(5).every((j) => wh.some((row) => row[j] !== 0) === j > 0),
      learned: "Column 0 of W_h is what unit 0 hears of the state before.",
    },
    start: { inputs: repeated(X, 6), steps: 2, selected: 1, row: 1, ...running },
  },
  gradient: {
    label: "The gradient runs back through the steps",
    gradient: "states",
    backwards: true,
    legend: "The loss is the sum of the last state. Bars at the bottom: how long its gradient with " +
      "respect to each state is, as a multiple of the length at the last step.",
    maxSteps: 8,
    sliders: [times(2)],
    task: {
      ask: "With T = 8, let the gradient arrive at the start with about the length it had at the " +
        "last step: between 0.75 and 1.25 times.",
      done: ({ steps }, now) =>
        steps === 8 && lengthAtStart(now) > 0.75 && lengthAtStart(now) < 1.25,
      learned: "A little above 1: what the slopes of tanh take away, the weights put back.",
    },
    start: { inputs: repeated(X.slice(3), 8), steps: 8, selected: 7, ...orthogonal },
  },
  lstm: {
    label: "The gates of an LSTM with one unit",
    cell: "lstm",
    legend: "Below, the input. In the middle, the memory c from \u22122 to 2: the thicker the arrow " +
      "to a step, the more of the memory its forget gate keeps. Above, the output h.",
    maxSteps: 6,
    fixed: true,
    sliders: [
      ["forget_bias", () => ["forgetBias"], -2, 6, 0.5],
      ["b of i", () => ["b", 0], -6, 6, 0.5],
      ["W_x of i", () => ["wx", 0, 0], 0, 10, 0.5],
      ["b of o", () => ["b", 3], -6, 6, 0.5],
      inputNow,
    ],
    task: {
      ask: "Keep for five steps what step 0 writes: c at step 5 within a tenth of c at step 0, " +
        "and c at step 0 at least 0.5. Leave the inputs as they are.",
      done: ({ inputs }, { memories: [c] }) => c[1][0] >= 0.5 &&
        Math.abs(c[6][0] / c[1][0] - 1) <= 0.1 &&
        JSON.stringify(inputs) === JSON.stringify(presets.lstm.start.inputs),
      learned: "The forget gate stays open, and the input gate opens for the large input alone.",
    },
    start: {
      inputs: single(1, 0.3, -0.2, 0.2, -0.3, 0.1), steps: 6, selected: 1, forgetBias: 1,
      wx: [[0, 2, 0, 0]], wh: [[0, 0, 0, 0]], b: [0, 0, 0, 0], // i, j, f, o
    },
  },
  gru: {
    label: "The gates of a GRU with one unit",
    cell: "gru",
    legend: "Below, the input. In the middle, the state h from \u22121 to 1: the thicker the arrow to " +
      "a step, the more of the state its update gate keeps. Above, the output, which is the state.",
    maxSteps: 6,
    fixed: true,
    sliders: [
      ["b of r", () => ["b", 0], -6, 6, 0.5],
      ["b of u", () => ["b", 1], -6, 6, 0.5],
      ["W_x of u", () => ["wx", 0, 1], -10, 10, 0.5],
      ["W_h of the candidate", () => ["wh", 0, 2], -2, 2, 0.1],
      inputNow,
    ],
    task: {
      ask: "Make it a basic cell: at every step the new state is the candidate (u below 0.02), and " +
        "the candidate sees all of the old state (r above 0.98).",
      done: (_, { gates }) => gates.every(([{ r, u }]) => u[0] < 0.02 && r[0] > 0.98),
      learned: "What is left is h = tanh([x, h] K + b).",
    },
    start: {
      inputs: single(1, 0.3, -0.2, 0.2, -0.3, 0.1), steps: 6, selected: 1,
      wx: [[0, 0, 2]], wh: [[0, 0, 1]], b: [1, 1, 0], // r, u, candidate
    },
  },
  unroll: {
    label: "One row, folded and unrolled, with its gradient",
    gradient: "states",
    legend: "Bars at the bottom: the gradient of the sum of the last output with respect to each " +
      "state. Each number is its length, divided by its length at the last state.",
    maxSteps: 8,
    sliders: [times(2)],
    task: {
      ask: "Make the gradient at the start at least ten times as long as at the last state. Then " +
        "take steps away: how much of that is left?",
      done: (_, now) => lengthAtStart(now) >= 10,
      learned: "Every step more multiplies once more.",
    },
    start: { inputs: repeated(X.slice(3), 8), steps: 8, selected: 0, ...orthogonal },
  },
  lengths: {
    label: "Four rows with lengths of their own",
    gradient: "inputs",
    legend: "Hatched: past the row's length. There the state is copied (=) and the output is 0. " +
      "Framed: the row's last relevant output. Bars at the bottom: the length of the gradient of " +
      "that output's sum with respect to each input.",
    maxSteps: 6,
    sliders: [],
    task: {
      ask: "Choose the lengths so that every row reads steps 0 to 2 and no gradient reaches step 3.",
      done: ({ steps }, { lengths }) => steps > 3 && lengths.every((length) => length === 3),
      learned: "Step 3 is padding in every row, so nothing that stands there is learned from.",
    },
    start: {
      inputs: repeated(X, 6, [4, 1, 2, 3]), steps: 4, selected: 2, row: 1, lengths: [4, 1, 2, 3],
      ...running,
    },
  },
};

/** A fresh model: what a reader can change, as the preset has it. */
function start(preset) {
  const model = structuredClone({
    cell: preset.cell ?? "basic", scale: 1, row: 0, lengths: null, word: null, ...preset.start,
  });
  return model.word === null ? model : spell(model, preset, model.word).model;
}

const list = (items) => items.length < 2 ? items.join("")
  : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
/** What a reader takes for one letter: an emoji is one, whatever it is made of. */
const graphemes = (text) => globalThis.Intl?.Segmenter
  ? [...new Intl.Segmenter("en").segment(text)].map(({ segment }) => segment) : [...text];

/** Let the model read another word, and say what of it could not be read. */
function spell(model, preset, text) {
  const typed = graphemes(text.trim().toLowerCase());
  const known = typed.filter((c) => preset.letters.includes(c));
  const strange = [...new Set(typed.filter((c) => !preset.letters.includes(c)))];
  const word = known.slice(0, preset.maxSteps).join("");
  const readable = `It reads ${list([...preset.letters])} only`;
  const notes = [];
  if (!typed.length) notes.push(`The field is empty, so ${model.word} stays.`);
  else if (!word) notes.push(`${readable}, so ${model.word} stays.`);
  else if (strange.length > 3) notes.push(`${readable}: the other letters are left out.`);
  else if (strange.length) notes.push(`${readable}: ${list(strange)} left out.`);
  if (known.length > preset.maxSteps) {
    notes.push(`It reads ${preset.maxSteps} letters at most: the rest is cut off.`);
  }
  if (!word) return { model, note: notes.join(" ") };
  const read = {
    ...model, word, selected: Math.min(model.selected, word.length - 1), steps: word.length,
    inputs: [oneHot(word, preset.letters)],
  };
  return { model: read, note: notes.join(" ") };
}

Object.assign(touch, { count, list, presets, start, spell });
})();
