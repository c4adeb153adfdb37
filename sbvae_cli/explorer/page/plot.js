// One plot: factor space, or the plane of two latents of a model. Two canvases lie on each other: the base, drawn when
// what it shows changes, and the marks, drawn at every move. Touches its own element only.
import { View } from "axes";
import { drawBase } from "base";
import { factorPair, levelNames } from "factors";
import { drawMarks } from "marks";
import { make } from "parts";

const SNAP = 4.5; // pixels: so near a grid point, the pointer means it
const AXES = { left: 46, bottom: 44 }, EDGE = 1, NO_AXES_BELOW = 230; // pixels
const MARGIN = { factors: 0.1, latents: 0.14 }; // shares of the extent
const LEAST = 1; // latent units that a plot shows at least: codes that are all alike lie in its middle

export class Plot {
  /**
   * @param {number | null} model index, or null: factor space
   * @param {HTMLElement} element what the plot fills
   */
  constructor(store, model, element) {
    Object.assign(this, { store, model, element, view: new View() });
    this.base = make("canvas", { ariaHidden: "true" });
    this.over = make("canvas", { className: "marks", ariaHidden: "true" });
    element.append(this.base, this.over);
    this.all = make("button", { type: "button", className: "whole-plot", textContent: "show all", title: "Show the whole plot again (0, or a double click)", hidden: true });
    this.all.onclick = () => {
      element.focus({ preventScroll: true }); // or the button would take the focus with it
      this.whole();
    };
    element.before(make("div", { className: "over-plot" }, this.all));
    new ResizeObserver(() => this.#resized()).observe(element);
  }

  /** Whether it is one of a phone's small plots, which a tap makes large. */
  small() {
    return this.element.closest(".panel").classList.contains("small");
  }

  frame() {
    return this.view.frame;
  }

  place(a, b) {
    return this.view.place(a, b);
  }

  back(px, py) {
    return this.view.back(px, py);
  }

  /** Units of the plane within which a point counts as hit. */
  reach() {
    return (this.store.chart.kind === "scatter" ? 2 : 1) * SNAP * Math.max(...this.view.unit); // samples lie apart
  }

  /** The coordinates here of a place of the chart, or null. */
  where(f) {
    if (this.model !== null) return this.store.placeIn(this.model, f);
    if (this.store.chart.kind === "sheet") return f;
    const plane = this.store.factorPlane(), row = this.store.chart.rowAt(f);
    return [plane.x[row], plane.y[row]];
  }

  /** The coordinates here of the page's point, or null where it has none. */
  spot() {
    const { store, model } = this;
    if (model === null) return store.point.f && this.where(store.point.f);
    return store.away(model) ? null : store.spot(model);
  }

  /** In factor space, the place of the chart that the pointer means at (a, b). */
  near(a, b) {
    const { chart } = this.store, { unit } = this.view;
    if (chart.kind !== "sheet") {
      const { x, y } = this.store.factorPlane(), scaled = { x: x.map((v) => v / unit[0]), y: y.map((v) => v / unit[1]) };
      return chart.closest(scaled, a / unit[0], b / unit[1]);
    }
    const f = [a, b].map((v, axis) => Math.min(chart.steps[axis], Math.max(0, v))), grid = f.map(Math.round);
    return Math.hypot((f[0] - grid[0]) / unit[0], (f[1] - grid[1]) / unit[1]) <= SNAP ? grid : f;
  }

  /** Lowest and highest coordinates of the chart's points, for each axis. */
  extent() {
    const { store, model } = this, { chart } = store;
    if (model === null && chart.kind === "sheet") return chart.steps.map((n) => (n ? [0, n] : [-0.5, 0.5]));
    const plane = model === null ? store.factorPlane() : store.plane(model);
    return [plane.x, plane.y].map((values) => {
      let low = Infinity, high = -Infinity;
      for (let n = 0; n < chart.count; n++) {
        if (!chart.isPresent(n) || !Number.isFinite(values[n])) continue;
        low = Math.min(low, values[n]);
        high = Math.max(high, values[n]);
      }
      return low <= high ? [low, high] : [-1, 1];
    });
  }

  /** Names of the axes, and for a factor the levels of its steps. */
  axes() {
    const { payload, slice, axes, chart } = this.store, { factors, slices, models } = payload;
    const named = (name) => {
      const unit = factors.find((each) => each.name === name)?.unit;
      return unit ? `${name} (${unit})` : name;
    };
    const level = (axis) => {
      const name = slices[slice].names[axis], levels = slices[slice].values[axis];
      return { name: named(name), levels, steps: chart.steps[axis], texts: levelNames(factors.find((each) => each.name === name), levels) };
    };
    if (this.model === null) return slices.length ? [level(0), level(1)] : factorPair(payload).map((k) => ({ name: named(factors[k].name) }));
    const prior = models[this.model].stds ? " (prior std)" : "";
    return axes[this.model].map((k) => (k !== null ? { name: `latent ${k}${prior}` } : slices.length ? level(1) : { name: "" }));
  }

  /** Everything anew: what a change of the grid, the latents, the theme or the zoom asks for. */
  redraw() {
    const { element } = this, w = element.clientWidth, h = element.clientHeight;
    if (!w || !h) return;
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2.5);
    for (const canvas of [this.base, this.over]) {
      const size = [Math.round(w * ratio), Math.round(h * ratio)];
      if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    }
    this.ratio = ratio;
    this.size = [w, h];
    this.all.hidden = this.view.zoom === null;
    this.bare = w < NO_AXES_BELOW;
    const left = this.bare ? EDGE : AXES.left, bottom = this.bare ? EDGE : AXES.bottom;
    const frame = { x: left, y: EDGE, w: w - left - EDGE, h: h - EDGE - bottom };
    const equal = this.model !== null && this.store.axes[this.model][1] !== null;
    this.view.fit(this.extent(), frame, { equal, margin: this.model === null ? MARGIN.factors : MARGIN.latents, least: this.model === null ? 0 : LEAST });
    drawBase(this);
    drawMarks(this); // with their base, or they would lag a frame behind it
    this.store.changed("view");
  }

  /** A canvas ready to be drawn on in CSS pixels. */
  context(canvas) {
    const context = canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, ...this.size);
    return context;
  }

  /** Show nearer or farther about the pixels (px, py), or about the middle. */
  zoom(factor, [px, py] = [this.frame().x + this.frame().w / 2, this.frame().y + this.frame().h / 2]) {
    if (this.view.zoomAt(factor, px, py)) this.soon();
  }

  pan(dx, dy) {
    if (this.view.pan(dx, dy)) this.soon();
  }

  whole() {
    if (this.view.reset()) this.soon();
  }

  /** Redraw in the next frame, once. */
  soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.#redrawn();
    });
  }

  #resized() {
    const { clientWidth: w, clientHeight: h } = this.element;
    if (!this.size || w !== this.size[0] || h !== this.size[1]) this.#redrawn();
  }

  /** What else follows the view does so in the same frame. */
  #redrawn() {
    this.redraw();
    this.store.settle();
  }
}
