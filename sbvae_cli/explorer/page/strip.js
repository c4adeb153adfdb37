// A line drawn in a plot as a strip of images: a row for each model, a column for each equal step along the line.
import { make, save } from "parts";
import { pixels } from "fit";
import { drawMarks, stripPng } from "picture";
import { palette } from "layer";
import { pen } from "path";
import { columns, shadow, summary } from "walk";

const COUNTS = [5, 7, 9, 11, 15, 21];

export function mount(element, store, payload, runtime) {
  const decodes = payload.models.some((model) => model.decoder) && payload.image;
  element.hidden = !decodes;
  if (!decodes) return;
  const shape = payload.image, state = { steps: [], images: [], turn: 0, chosen: null };
  const parts = skeleton(element, payload);
  const small = matchMedia("(max-width: 719px)");
  parts.count.value = small.matches ? 5 : 11;

  const drawn = pen(store.plots, store.glass, {
    onmode: (on) => modeChanged(parts, on),
    onmove: (plot, a, b) => store.place(plot, a, b),
    onchange: (line) => (line ? fill(line) : empty()),
  });
  const empty = () => {
    state.turn++;
    state.steps = [];
    parts.body.hidden = true;
    drawn.show(() => []);
  };
  const show = () => drawn.show((plot) => state.steps.map((step) => placeIn(plot, step, store)), state.chosen);
  const fill = async (line) => {
    const turn = ++state.turn, m = line.plot.model, space = { ...store.space, gap: (f, g) => store.chart.gap(f, g), near: (at) => placeAt(store, line.plot, at) };
    state.steps = columns({ model: m, points: line.points }, Number(parts.count.value), space, m === null ? store.factorScale : undefined);
    state.images = payload.models.map(() => state.steps.map(() => null));
    state.chosen = null;
    parts.body.hidden = false;
    lay(parts, state, payload, shape, store, choose);
    show();
    await decodeAll(state, turn, m, payload, runtime, shape, (r, n) => paint(parts, state, r, n));
    if (turn === state.turn) show();
  };
  const choose = (n) => {
    const step = state.steps[n];
    state.chosen = n;
    store.place(drawn.line.plot, ...step.at);
    store.pin();
    show();
  };
  const again = () => drawn.line && drawn.line.points.length > 1 && fill(drawn.line);
  parts.mode.onclick = () => drawn.set(!drawn.on);
  parts.wipe.onclick = () => drawn.wipe();
  parts.count.onchange = again;
  parts.save.onclick = async () => save(await asPng(parts, state, payload, shape, store, drawn.line), `path-${fileName(payload.title)}.png`);
  store.subscribe("axes", () => (drawn.line?.plot.model !== null && drawn.line ? drawn.wipe() : show()));
  store.subscribe("slice", () => drawn.wipe());
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "d" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input, textarea")) return;
    drawn.set(!drawn.on);
  });
  return drawn;
}

function skeleton(element, payload) {
  element.classList.add("path");
  const mode = make("button", { type: "button", className: "tool", textContent: "draw a path" });
  mode.setAttribute("aria-pressed", "false");
  const hint = make("span", { className: "quiet" }), count = make("select", {}, ...COUNTS.map((n) => make("option", { value: n, textContent: n })));
  count.setAttribute("aria-label", "Number of images");
  const wipe = make("button", { type: "button", className: "link", textContent: "wipe the path" });
  const keep = make("button", { type: "button", className: "tool", textContent: "save as PNG" });
  const rows = make("div", { className: "strip-rows" }), note = make("p", { className: "quiet" });
  const body = make("div", { className: "strip-body", hidden: true }, rows, note,
    make("div", { className: "tools" }, make("label", {}, count, " images"), keep, wipe));
  element.append(make("div", { className: "tools" }, mode, hint), body);
  const parts = { mode, hint, count, wipe, save: keep, rows, note, body };
  modeChanged(parts, false);
  return parts;
}

function modeChanged(parts, on) {
  parts.mode.setAttribute("aria-pressed", String(on));
  parts.mode.textContent = on ? "stop drawing" : "draw a path";
  parts.hint.replaceChildren(on
    ? make("span", {}, "Drag through a plot, or set corner after corner by clicks", make("span", { className: "keys" }, ", or by the arrows and Enter"), ".")
    : make("span", { textContent: "A line through a plot becomes a strip of images." }));
}

/** The place on the chart at a point of the plot of factor space; null in a hole. */
function placeAt(store, plot, at) {
  const f = store.chart.within(plot.near(...at));
  return store.chart.weights(f) ? f : null;
}

/** Where a step lies in a plot: its place in factor space, or the two latents of its z. */
function placeIn(plot, step, store) {
  if (plot.model === null) return step.f && store.factorPlace(step.f);
  const z = step.z[plot.model];
  return z && shadow(store, plot.model, z, step.f);
}

/** Decode every step; off the sheet the other models have their place by the image that the line's own model draws. */
async function decodeAll(state, turn, m, payload, runtime, shape, painted) {
  const models = payload.models, order = models.map((_, o) => o).filter((o) => models[o].decoder);
  if (m !== null) order.sort((a, b) => (b === m) - (a === m));
  for (const o of order) {
    for (const [n, step] of state.steps.entries()) {
      if (turn !== state.turn) return;
      if (!step.z[o] && step.image && models[o].encoder) step.z[o] = (await runtime.encode(o, step.image)).mean;
      if (!step.z[o]) continue;
      const image = await runtime.decode(o, step.z[o], { queued: true });
      if (turn !== state.turn) return;
      if (o === m) step.image = image;
      state.images[o][n] = pixels(image, shape);
      painted(o, n);
    }
  }
}

function lay(parts, state, payload, shape, store, choose) {
  const marks = state.steps.map((step) => step.mark);
  const line = make("canvas", { className: "strip-marks", ariaHidden: "true" });
  parts.cells = payload.models.map(() => []);
  const rows = payload.models.map((model, r) => {
    if (!model.decoder) return null;
    const cells = state.steps.map((step, n) => {
      const canvas = make("canvas", { width: shape.width, height: shape.height });
      const words = step.mark === "off" ? ", off the sheet" : step.mark ? `, ${step.mark}` : "";
      const cell = make("button", { type: "button", className: "cell", onclick: () => choose(n), title: `step ${n + 1} of ${marks.length}${words}` }, canvas);
      cell.setAttribute("aria-label", `${model.name}, step ${n + 1} of ${marks.length}${words}`);
      parts.cells[r].push({ cell, canvas });
      return cell;
    });
    return make("div", { className: "strip-row" }, make("span", { className: "strip-name", textContent: model.name }), make("div", { className: "cells" }, ...cells));
  });
  parts.rows.style.setProperty("--count", marks.length);
  parts.rows.replaceChildren(make("div", { className: "strip-row" }, make("span", { className: "strip-name" }), line), ...rows.filter(Boolean));
  parts.note.textContent = summary(marks);
  parts.marks = () => {
    const ratio = Math.min(devicePixelRatio || 1, 2), width = line.clientWidth, colours = palette();
    [line.width, line.height] = [Math.round(width * ratio), Math.round(12 * ratio)];
    const context = line.getContext("2d");
    context.scale(ratio, ratio);
    drawMarks(context, marks, (n) => (width * (n + 0.5)) / marks.length, 6, colours);
  };
  requestAnimationFrame(parts.marks);
}

function paint(parts, state, r, n) {
  parts.cells[r][n].canvas.getContext("2d").putImageData(state.images[r][n], 0, 0);
  parts.cells[r][n].cell.classList.add("full");
}

const axesOf = (store, m) => (store.axes[m][1] === null ? `latent ${store.axes[m][0]}` : `latents ${store.axes[m].join(" and ")}`);

const fileName = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

function asPng(parts, state, payload, shape, store, line) {
  const where = line.plot.model === null ? "factor space" : `${payload.models[line.plot.model].name}, ${axesOf(store, line.plot.model)}`;
  const rows = payload.models.map((model, r) => ({ name: model.name, images: state.images[r] })).filter((_, r) => payload.models[r].decoder);
  const note = summary(state.steps.map((step) => step.mark));
  return stripPng({ rows, marks: state.steps.map((step) => step.mark), title: `${payload.title}: a path in ${where}`,
    notes: note ? [note] : [], shape, colours: palette() });
}
