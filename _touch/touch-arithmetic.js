/* The arithmetic of the figures that can be touched: pure functions on nested arrays.

   They are `unrolled.reference` and the equations of `unrolled.cells` once more, with the same
   names, shapes and conventions, and are tested against both. Letters as in the book: B rows in the
   batch, T steps, D inputs, U units, C classes.

   These files are plain scripts and not modules, which would not load from a file:// address: the
   book is read from a folder too. Each adds its part to `unrolledTouch`. */

(() => {
"use strict";
const touch = (globalThis.unrolledTouch ??= {});

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

const sigmoid = (value) => 1 / (1 + Math.exp(-value));

/** Probabilities of scores; the largest is taken off first, so that none overflows. */
function softmax(logits) {
  const exp = logits.map((value) => Math.exp(value - Math.max(...logits)));
  const sum = exp.reduce((all, value) => all + value, 0);
  return exp.map((value) => value / sum);
}

/** [x, h] @ kernel + bias for one row, cut into blocks of U numbers each. */
function blocks(x, h, kernel, bias) {
  const sum = add(product([...x, ...h], kernel), bias);
  const units = h.length;
  return Array.from({ length: sum.length / units }, (_, k) => sum.slice(k * units, (k + 1) * units));
}

/** One LSTM step of one row: x [D], c and h [U], kernel [D+U, 4U] in the order i, j, f, o. */
function lstmStep(x, c, h, kernel, bias, forgetBias) {
  const [i, j, f, o] = blocks(x, h, kernel, bias);
  const gates = {
    i: i.map(sigmoid),
    j: j.map(Math.tanh),
    f: f.map((value) => sigmoid(value + forgetBias)),
    o: o.map(sigmoid),
  };
  const newC = c.map((value, u) => value * gates.f[u] + gates.i[u] * gates.j[u]);
  return { gates, c: newC, h: newC.map((value, u) => Math.tanh(value) * gates.o[u]) };
}

/** One GRU step of one row: kernel [D+U, 3U] holds the gates r and u, then the candidate. */
function gruStep(x, h, kernel, bias) {
  const units = h.length;
  const left = (row) => row.slice(0, 2 * units);
  const right = (row) => row.slice(2 * units);
  const [r, u] = blocks(x, h, kernel.map(left), left(bias)).map((part) => part.map(sigmoid));
  const seen = h.map((value, k) => r[k] * value); // the reset comes before the product
  const [sum] = blocks(x, seen, kernel.map(right), right(bias));
  const candidate = sum.map(Math.tanh);
  const newH = h.map((value, k) => u[k] * value + (1 - u[k]) * candidate[k]);
  return { gates: { r, u, candidate }, c: newH, h: newH };
}

/** A gated cell along the steps: outputs and states h, memories c (in a GRU the same), and gates. */
function runGated({ cell, forgetBias, b }, inputs, kernel) {
  const begin = inputs.map(() => zeros(b.length / (cell === "lstm" ? 4 : 3)));
  const states = begin.map((row) => [row]);
  const memories = begin.map((row) => [row]);
  const gates = inputs[0].map((_, t) => inputs.map((row, i) => {
    const [c, h] = [memories[i][t], states[i][t]];
    const made = cell === "lstm" ? lstmStep(row[t], c, h, kernel, b, forgetBias)
      : gruStep(row[t], h, kernel, b);
    memories[i].push(made.c);
    states[i].push(made.h);
    return made.gates;
  })); // [T][B]
  return { inputs, kernel, states, memories, gates, outputs: outputsOf(states), lengths: null };
}

/** Everything a figure shows, from what its reader can change. */
function run(model) {
  const { cell, steps, scale, b, wy, by } = model;
  const inputs = model.inputs.map((row) => row.slice(0, steps)); // [B, T, D]
  const kernel = [...model.wx, ...model.wh.map((row) => row.map((value) => scale * value))];
  if (cell !== "basic") return runGated(model, inputs, kernel);
  const lengths = model.lengths?.map((length) => Math.min(length, steps)) ?? null;
  const states = forward(inputs, kernel, b, null, lengths);
  const outputs = outputsOf(states, lengths);
  // The gradient of the sum of each row's last relevant output: ones at that step.
  const dOutputs = outputs.map((row, i) =>
    row.map((y, t) => y.map(() => (t === (lengths ? lengths[i] : steps) - 1 ? 1 : 0))));
  const gradients = backward(inputs, states, kernel, dOutputs, lengths);
  const at = (blocks, t) => blocks.map((row) => row[t]); // [B, T, N] -> [B, N]
  const parts = inputs[0].map((_, t) => step(at(inputs, t), at(states, t), kernel, b));
  const probabilities = wy && // [B, T, C]
    outputs.map((row) => row.map((y) => softmax(add(product(y, wy), by))));
  return { inputs, kernel, states, outputs, gradients, parts, probabilities, lengths };
}

Object.assign(touch, {
  zeros, norm, isLive, step, forward, outputsOf, backward, softmax, lstmStep, gruStep, run,
});
})();
