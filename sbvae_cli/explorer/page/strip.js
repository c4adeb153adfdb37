// A line drawn in a plot as a strip of images: a row for each model, a column for each equal step along the line.
import { pixels } from "fit";
import { glassOf } from "layer";
import { calm, make, PHONE, save } from "parts";
import { pen } from "path";
import { stripPng } from "picture";
import { rove } from "roving";
import { layRows, paintCell } from "rows";
import { palette } from "theme";
import { truths } from "truths";
import { columns, shadow, spaceOf, summary } from "walk";

const COUNTS = [5, 7, 9, 11, 15, 21];

/** The button goes to `tools`, beside the plots; the strip to `element`, which is seen once there is a path. */
export function mount(element, tools, store, payload, runtime) {
  if (payload.image && payload.models.some((model) => model.decoder)) new Strip(element, tools, store, payload, runtime);
}

class Strip {
  constructor(element, tools, store, payload, runtime) {
    Object.assign(this, { store, payload, runtime, steps: [], rows: [], turn: 0, chosen: null, parts: skeleton(element, tools) });
    this.parts.count.value = matchMedia(PHONE).matches ? 5 : 11;
    this.pen = pen(store.plots, glassOf(store), {
      onmode: (on) => this.#mode(on),
      onmove: (plot, a, b) => store.place(plot, a, b),
      onchange: (line) => (line ? this.fill(line, !line.corners) : this.empty()),
    });
    this.renew = rove(this.parts.rows, () => [...this.parts.rows.querySelectorAll("button")], (key) => {
      const row = this.steps.length;
      return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[key];
    });
    this.#listen();
  }

  #listen() {
    const { parts, store } = this;
    parts.mode.onclick = () => this.pen.set(!this.pen.on);
    parts.wipe.onclick = () => this.pen.wipe();
    parts.count.onchange = () => this.line && this.fill(this.line);
    parts.save.onclick = async () => save(await this.#png(), `path-${fileName(this.payload.title)}.png`);
    store.subscribe("slice", () => this.pen.wipe());
    store.subscribe("axes", () => (this.line && this.latents !== axesOf(store, this.line.plot.model) ? this.pen.wipe() : this.#mark()));
    store.subscribe("theme", () => this.steps.length && this.#lay());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.pen.on) {
        event.stopPropagation(); // the pen is put down; the page does not start again
        this.pen.set(false);
      }
    }, true);
    addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "d" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("select, input, textarea")) return;
      this.pen.set(!this.pen.on);
    });
  }

  #mode(on) {
    modeChanged(this.parts, on);
    if (!on && this.line?.corners) this.#reveal();
  }

  #reveal() {
    this.parts.body.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  empty() {
    this.turn++;
    Object.assign(this, { line: null, steps: [], rows: [], chosen: null });
    this.parts.body.hidden = true;
    this.#mark();
  }

  /** Decode along a line; `shown` brings the strip into sight, which would carry off the plot before a next corner. */
  async fill(line, shown = false) {
    const turn = ++this.turn, { payload, store, parts } = this, m = line.plot.model;
    this.line = line;
    this.latents = axesOf(store, m);
    this.steps = columns({ model: m, points: line.points }, Number(parts.count.value), spaceOf(store, line.plot), scaleOf(line.plot));
    this.chosen = null;
    const images = () => this.steps.map(() => null), first = payload.slices.length ? payload.slices[store.slice] : payload.points;
    this.rows = [first?.images ? { name: "true image", model: null, images: images() } : null,
      ...payload.models.map((model, o) => (model.decoder ? { name: model.name, model: o, images: images() } : null))].filter(Boolean);
    parts.body.hidden = false;
    this.#lay();
    this.#mark();
    if (shown) this.#reveal();
    try {
      await this.#draw(turn, m);
      if (turn === this.turn) this.#mark();
    } catch (failure) {
      if (turn === this.turn) parts.note.textContent = `Nothing is decoded here: ${failure.message}.`;
    }
  }

  /** Decode every step. What has no place yet gets it by encoding the image that the line's own model draws there. */
  async #draw(turn, m) {
    const { runtime, payload, store, steps } = this, { models, image: shape } = payload;
    const put = (row, n, data) => {
      row.images[n] = data;
      paintCell(row, n);
    };
    const truth = this.rows[0].model === null ? await truths(payload, store.slice) : null;
    if (turn !== this.turn) return;
    if (truth) steps.forEach(({ f }, n) => f && store.chart.isPresent(store.chart.rowAt(f)) && put(this.rows[0], n, truth(store.chart.rowAt(f))));
    const order = this.rows.filter((row) => row.model !== null).sort((a, b) => (b.model === m) - (a.model === m));
    for (const row of order) {
      for (const [n, step] of steps.entries()) {
        const o = row.model;
        if (!step.z[o] && step.image && models[o].encoder) step.z[o] = (await runtime.encode(o, step.image)).mean;
        if (!step.z[o]) continue;
        const image = await runtime.decode(o, step.z[o], { queued: true });
        if (turn !== this.turn) return;
        if (o === m) step.image = image;
        put(row, n, pixels(image, shape));
      }
    }
  }

  choose(n) {
    const { store, line: { plot } } = this, { at, f } = this.steps[n];
    this.chosen = n;
    if (plot.model === null) store.place(plot, ...at);
    else store.placeLatent(plot.model, ...at, f); // on the layer on which the strip is, not the one next to the point
    store.pin();
    this.#mark();
  }

  /** Dots in every plot where the steps lie. */
  #mark() {
    const { store } = this;
    this.pen.show((plot) => this.steps.map((step) => {
      if (plot.model === null) return step.f && plot.where(step.f);
      return step.z[plot.model] && shadow(store, plot.model, step.z[plot.model], step.f);
    }), this.chosen);
  }

  #lay() {
    const { parts, rows, steps } = this, marks = steps.map((step) => step.mark);
    layRows(parts.rows, rows, marks, this.payload.image, (n) => this.choose(n));
    this.renew();
    parts.note.textContent = summary(marks);
  }

  #png() {
    const { line, store, payload, rows, steps } = this, marks = steps.map((step) => step.mark), m = line.plot.model;
    const where = m === null ? "factor space" : `${payload.models[m].name}, ${axesOf(store, m)}`, note = summary(marks);
    return stripPng({ rows, marks, title: `${payload.title}: a path in ${where}`, notes: note ? [note] : [], shape: payload.image, colours: palette() });
  }
}

function skeleton(body, tools) {
  body.classList.add("path");
  body.hidden = true;
  const mode = make("button", { type: "button", className: "tool", title: "A line through a plot becomes a strip of images (D)" }), hint = make("span", { className: "quiet" });
  const count = make("select", {}, ...COUNTS.map((n) => make("option", { value: n, textContent: n })));
  count.setAttribute("aria-label", "Number of images");
  const wipe = make("button", { type: "button", className: "link", textContent: "wipe the path" });
  const keep = make("button", { type: "button", className: "tool", textContent: "save as PNG" });
  const rows = make("div", { className: "strip-rows" }), note = make("p", { className: "quiet" });
  body.append(rows, note, make("div", { className: "tools" }, make("label", {}, count, " images"), keep, wipe));
  tools.append(mode, hint);
  const parts = { mode, hint, count, wipe, save: keep, rows, note, body };
  modeChanged(parts, false);
  return parts;
}

function modeChanged(parts, on) {
  parts.mode.setAttribute("aria-pressed", String(on));
  parts.mode.textContent = on ? "stop drawing" : "draw a path";
  parts.hint.replaceChildren(...(on
    ? ["Drag through a plot, or set corner after corner by clicks", make("span", { className: "keys", textContent: ", or by the arrows and Enter" }), "."]
    : []));
}

/** Pixels of a unit of each axis: steps are equal as they are seen. */
function scaleOf(plot) {
  const [from, to] = [plot.place(0, 0), plot.place(1, 1)];
  return [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
}

function axesOf(store, m) {
  if (m === null) return "factors";
  const [i, j] = store.axes[m];
  return j === null ? `latent ${i}` : `latents ${i} and ${j}`;
}

const fileName = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
