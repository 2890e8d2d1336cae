/* A link that holds the state of a figure: #ID&KEY=VALUE&..., with what differs from the start.

   Whoever made the link may be anyone: every value is checked, and a fragment with one wrong value
   is ignored as a whole. */

(() => {
"use strict";
const touch = (globalThis.unrolledTouch ??= {});
const { start, spell } = touch;

const NUMBERS = ["inputs", "wx", "wh", "b", "wy", "by"]; // blocks of numbers
const WHOLE = ["steps", "selected", "row"];

/** The model as a fragment, without the #. */
function toFragment(id, model, preset) {
  const first = start(preset);
  const keys = [...WHOLE, "scale", "forgetBias", "lengths", ...NUMBERS]
    .filter((key) => !(preset.letters && key === "inputs"))
    .filter((key) => JSON.stringify(model[key]) !== JSON.stringify(first[key]));
  const parts = keys.map((key) => `${key}=${[model[key]].flat(Infinity).join(",")}`);
  if (model.word !== first.word) parts.unshift(`word=${model.word}`);
  return [id, ...parts].join("&");
}

/** The model that a fragment holds; null where it is not about this figure. Throws where it is
    wrong. */
function fromFragment(fragment, id, preset) {
  if (!id || !fragment.startsWith(`#${id}&`)) return null;
  const parts = decodeURIComponent(fragment.slice(id.length + 2)).split("&");
  let model = start(preset);
  const wrong = (part) => { throw new RangeError(part); };
  const within = (value, low, high, whole, part) =>
    (value >= low && value <= high && (!whole || Number.isInteger(value)) ? value : wrong(part));
  // The word comes first, and the steps next: they decide what the others may be.
  const rank = ([key]) => ({ word: 0, steps: 1 })[key] ?? 2;
  const ordered = parts.map((part) => part.split("=")).sort((a, b) => rank(a) - rank(b));
  for (const [key, text = ""] of ordered) {
    if (!(key in model) || model[key] === null) wrong(key);
    const values = text.split(",").map((one) => (one.trim() === "" ? NaN : Number(one)));
    if (key === "word") {
      const read = spell(model, preset, text);
      if (read.note) wrong(key);
      model = read.model;
    } else if (key === "lengths") {
      if (values.length !== model.lengths.length) wrong(key);
      model = { ...model, lengths: values.map((v) => within(v, 0, preset.maxSteps, true, key)) };
    } else if (NUMBERS.includes(key) && !(preset.letters && key === "inputs")) {
      const like = (block) => Array.isArray(block) ? block.map(like)
        : within(values.shift() ?? NaN, -10, 10, false, key);
      model = { ...model, [key]: like(model[key]) };
      if (values.length) wrong(key);
    } else {
      const limits = {
        steps: [1, model.word?.length ?? preset.maxSteps], selected: [0, preset.maxSteps - 1],
        row: [0, model.inputs.length - 1], scale: [0, 2], forgetBias: [-10, 10],
      }[key] ?? wrong(key);
      if (values.length !== 1) wrong(key);
      model = { ...model, [key]: within(values[0], ...limits, WHOLE.includes(key), key) };
    }
  }
  return { ...model, selected: Math.min(model.selected, model.steps - 1) };
}

Object.assign(touch, { toFragment, fromFragment });
})();
