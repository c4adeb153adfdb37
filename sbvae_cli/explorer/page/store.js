// The state of the page: one point, which every plot, image, slider and text follows. Knows no document.
//
//   payload          what the page was given (payload.js)
//   slice            number of the grid that is shown            setSlice(n)
//   chart            its geometry: a Sheet, or a Scatter of sample images (sheet.js, scatter.js)
//   axes[m]          pair of latents of model m's plot            setAxes(m, [i, j]); [0, null] of a model of one latent
//   point            { f, by, exact }: `f` the place on the chart or null off it; `by` the model in whose plot the
//                    point was placed, or null (factor space); `exact` whether it is a grid point, or a sample
//   z(m)             Float32Array (K): what model m decodes; its other latents follow the sheet, unless held
//   held(m)          Set of latents that stay as a slider left them   setLatent(m, k, v), follow(m)
//   layers(m)        places of the chart that lie at model m's point: several where its sheet is folded
//   collapsed(m)     extent of model m's sheet in its plane where it is too small to have layers, else null
//   away(m)          off the chart, in another model's plot: model m has no such point (unless it was lent a z)
//
// The point moves by place(plot, a, b), placeFactor(f), placeLatent(m, a, b), placeCode(m, z), nextLayer().
// What moved it to stay calls pin(); what only looked calls restore() afterwards. lend(m, z) gives a model that is
// away a z of its own, until the point moves.
//
// subscribe(what, f): f is called once a frame in which something changed of "slice", "axes", "theme", "view" (zoom,
// size of a plot) or "point", in this order; settle() calls at once.
import { factorPlane, factorsAt } from "factors";
import { Scatter } from "scatter";
import { Sheet, width } from "sheet";
import { Signals } from "signals";
import { tellingPlace } from "start";

const POINT = 0.03; // latent units: codes that lie so close are one point of a plot

export class Store extends Signals {
  constructor(payload) {
    super(["slice", "axes", "theme", "view", "point"]);
    this.payload = payload;
    this.slice = 0;
    this.theme = "light";
    /** Plots of the page, factor space (model null) first where there is one; app.js fills it. */
    this.plots = [];
    /** Latent units within which a sample of a scatter counts as under the pointer; the plots keep it. */
    this.reach = (m) => this.plots.find((plot) => plot.model === m)?.reach() ?? 0;
    this.states = payload.models.map((model) => ({
      z: new Float32Array(model.latents), held: new Set(), layers: [], lent: null, plane: null,
    }));
    this.axes = payload.models.map((model) => [...model.axes[0]]);
    this.charts = new Map();
    this.factorPlanes = new Map();
    this.point = { f: null, by: null, exact: false };
    this.last = [0, 0];
    this.pinned = null;
    this.begin();
  }

  // What is shown.

  get chart() {
    const { slices, points } = this.payload;
    if (!this.charts.has(this.slice)) this.charts.set(this.slice, slices.length ? new Sheet(slices[this.slice]) : new Scatter(points));
    return this.charts.get(this.slice);
  }

  get models() {
    return this.payload.models;
  }

  /** Codes (count, K) of the chart's points. */
  codes(m) {
    return this.models[m].codes[this.slice] ?? this.models[m].point_codes;
  }

  z(m) {
    return this.states[m].z;
  }

  held(m) {
    return this.states[m].held;
  }

  layers(m) {
    const { layers } = this.states[m];
    return this.collapsed(m) === null ? layers : layers.slice(0, 1); // folds of a point are noise
  }

  collapsed(m) {
    const { extent } = this.plane(m);
    return this.axes[m][1] !== null && extent < POINT ? extent : null;
  }

  isLent(m) {
    return this.states[m].lent !== null;
  }

  away(m) {
    return this.point.f === null && this.point.by !== m && !this.isLent(m);
  }

  /** Coordinates of the chart's points in model m's plot: { x, y }. Of one latent, the second factor stands upright. */
  plane(m) {
    const state = this.states[m], [i, j] = this.axes[m], key = `${this.slice} ${i} ${j}`;
    if (state.plane?.key !== key) {
      const codes = this.codes(m), { latents } = this.models[m], { count, shape } = this.chart;
      const column = (k) => Float32Array.from({ length: count }, (_, n) => (k === null ? n % shape[1] : codes[n * latents + k]));
      const x = column(i), y = column(j);
      state.plane = { key, x, y, extent: Math.max(width(x), width(y)) };
    }
    return state.plane;
  }

  /** Coordinates of the chart's points in the plot of factor space; null where no factors are known. */
  factorPlane() {
    const { chart } = this;
    if (!this.factorPlanes.has(chart)) this.factorPlanes.set(chart, factorPlane(this.payload, chart));
    return this.factorPlanes.get(chart);
  }

  /** Where a place of the chart lies in model m's plot: [a, b], or null in a hole. */
  placeIn(m, f) {
    const { x, y } = this.plane(m), a = this.chart.value(x, f), b = this.axes[m][1] === null ? this.chart.within(f)[1] : this.chart.value(y, f);
    return a === null || b === null ? null : [a, b];
  }

  /** Where model m's point lies in its plot. */
  spot(m) {
    const [i, j] = this.axes[m], z = this.z(m);
    return [z[i], j === null ? this.chart.within(this.point.f ?? this.last)[1] : z[j]];
  }

  /** Factors at a place of the chart, as [[name, value or null, unit], ...]. */
  factorsAt(f) {
    return factorsAt(this.payload, this.slice, this.chart, f);
  }

  /** Code (K,) of model m at a place of the chart; null in a hole. */
  code(m, f) {
    return this.chart.code(this.codes(m), this.models[m].latents, f);
  }

  layersAt(m, a, b) {
    return this.chart.layers(this.plane(m), a, b, this.reach(m));
  }

  // The point.

  /** Move the point to (a, b) of a plot. */
  place(plot, a, b) {
    if (plot.model === null) this.placeFactor(plot.near(a, b));
    else this.placeLatent(plot.model, a, b);
  }

  /** Move the point to a place of the chart: every model follows. In a hole there is none. */
  placeFactor(given) {
    const f = this.chart.within(given), there = this.chart.weights(f) !== null;
    this.point = { f: there ? f : null, by: null, exact: there && this.#exact(f) };
    if (there) this.last = f;
    this.models.forEach((_, m) => {
      this.states[m].lent = null;
      if (there) this.#follow(m, f);
      this.states[m].layers = there ? this.layersAt(m, ...this.spot(m)) : [];
    });
    this.changed("point");
  }

  /**
   * Move the point to (a, b) of model m's plot; of several layers to `layer`, or the one next to where it was. A grid
   * point near by is what is meant, unless `snap` is false.
   */
  placeLatent(m, a, b, layer = null, { snap = true } = {}) {
    const { chart } = this, state = this.states[m], [i, j] = this.axes[m];
    this.models.forEach((_, other) => Object.assign(this.states[other], { lent: null, layers: [] }));
    state.z[i] = a;
    if (j !== null) state.z[j] = b;
    state.layers = this.layersAt(m, a, b);
    let f = layer ?? state.layers.reduce((best, g) => (!best || chart.gap(g, this.last) < chart.gap(best, this.last) ? g : best), null);
    let exact = false;
    if (f) {
      const near = chart.nearest(f), at = this.placeIn(m, near);
      // A layer that is asked for lies at (a, b) itself: no grid point of it near by is meant.
      exact = snap && at !== null && (layer ? chart.gap(f, near) < 0.02 : Math.hypot(at[0] - a, at[1] - b) <= this.reach(m));
      if (exact) f = near;
      this.last = f;
      this.#follow(m, f, exact ? [] : [i, j]);
      if (exact) state.layers = this.layersAt(m, ...this.spot(m));
      this.models.forEach((_, other) => {
        if (other === m) return;
        this.#follow(other, f);
        this.states[other].layers = this.layersAt(other, ...this.spot(other));
      });
    } else if (chart.kind === "scatter") this.#follow(m, chart.closest(this.plane(m), a, b), [i, j]);
    this.point = { f, by: m, exact };
    this.changed("point");
  }

  /** Move the point to a code of model m, all of it held: an encoded image, say. */
  placeCode(m, z) {
    const state = this.states[m], [i, j] = this.axes[m];
    state.z.set(z);
    state.held = new Set(Array.from(z, (_, k) => k).filter((k) => k !== i && k !== j));
    this.placeLatent(m, z[i], j === null ? this.spot(m)[1] : z[j]);
    state.z.set(z); // not drawn to a grid point beside it
    this.point.exact = false;
    this.pin();
  }

  /** One latent by hand: of an axis, the point moves along it, and what is no axis follows; another one is held from now on. */
  setLatent(m, k, value) {
    const state = this.states[m], [i, j] = this.axes[m];
    if (this.away(m)) this.point = { f: this.last, by: null, exact: false };
    if (k === i || k === j) {
      const [a, b] = this.spot(m);
      this.placeLatent(m, k === i ? value : a, k === j ? value : b, null, { snap: false });
    } else {
      state.held.add(k);
      state.z[k] = value;
      this.changed("point");
    }
    this.pin();
  }

  /** Let all latents of a model follow the sheet again. */
  follow(m) {
    this.states[m].held.clear();
    if (this.point.f) this.#follow(m, this.point.f, this.point.exact || this.point.by !== m ? [] : this.axes[m]);
    this.changed("point");
    this.pin();
  }

  /** Give a model that is away a z for the point: the code of what another model draws there. */
  lend(m, z) {
    this.states[m].lent = z;
    this.states[m].z.set(z);
    this.changed("point");
  }

  /** Of a folded sheet, go to the next place that lies at the same point. */
  nextLayer() {
    const m = this.point.by ?? this.states.findIndex((_, n) => this.layers(n).length > 1);
    if (m < 0 || this.layers(m).length < 2) return false;
    const list = [...this.layers(m)].sort((f, g) => f[0] - g[0] || f[1] - g[1]), { chart, point } = this;
    const here = list.reduce((best, g, n) => (chart.gap(g, point.f) < chart.gap(list[best], point.f) ? n : best), 0);
    this.placeLatent(m, ...this.spot(m), list[(here + 1) % list.length]);
    this.pin();
    return true;
  }

  #exact(f) {
    return f.every((v, axis) => Math.abs(v - Math.round(v)) < 1e-6 || this.chart.shape[axis] === 1);
  }

  #follow(m, f, kept = []) {
    const state = this.states[m], code = this.code(m, f);
    code?.forEach((v, k) => {
      if (!kept.includes(k) && (!state.held.has(k) || this.axes[m].includes(k))) state.z[k] = v;
    });
  }

  /** From now on this is where the point comes back to. */
  pin() {
    this.pinned = { point: { ...this.point }, last: this.last, states: this.states.map(({ z, layers, lent }) => ({ z: z.slice(), layers, lent })) };
  }

  /** Back to where the point was pinned; what sliders hold stays. */
  restore() {
    if (!this.pinned) return;
    this.point = { ...this.pinned.point };
    this.last = this.pinned.last;
    this.pinned.states.forEach(({ z, layers, lent }, m) => {
      this.states[m].z.set(z);
      Object.assign(this.states[m], { layers, lent });
    });
    this.changed("point");
  }

  // What is chosen.

  setSlice(n) {
    if (n < 0 || n === this.slice) return;
    const share = this.last.map((v, axis) => v / Math.max(1, this.chart.shape[axis] - 1));
    this.slice = n;
    this.axes = this.models.map((model) => [...model.axes[n]]);
    this.axes.forEach((pair, m) => pair.forEach((k) => this.states[m].held.delete(k)));
    this.placeFactor(this.chart.nearest(share.map((v, axis) => v * (this.chart.shape[axis] - 1))));
    this.pin();
    this.changed("slice", "axes", "point");
  }

  setAxes(m, pair) {
    this.axes[m] = [...pair];
    for (const k of pair) this.states[m].held.delete(k);
    this.placeFactor(this.point.f ?? this.last);
    this.pin();
    this.changed("axes");
  }

  setTheme(theme) {
    this.theme = theme;
    this.changed("theme");
  }

  /** Start, and start again: nothing held, at a place whose image lies far from another one in a folded sheet. */
  begin() {
    for (const state of this.states) state.held.clear();
    this.placeFactor(tellingPlace(this));
    this.pin();
  }
}
