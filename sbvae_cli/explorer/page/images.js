// The images of the point: the true one, and what each model decodes. Off the sheet an empty frame, never a stale image.
import { error, pixels, planes } from "fit";
import { make, steady } from "parts";
import { truths } from "truths";

const LATE = 2000; // ms: an image that lags so far behind the point is taken away

export class Images {
  constructor(store, runtime) {
    Object.assign(this, { store, runtime, shape: store.payload.image, cutters: new Map(), truth: null });
    const { slices, points } = store.payload, stored = slices.length ? slices.some((slice) => slice.images) : points?.images;
    this.true = stored ? this.#figure(null, "true image") : null;
    this.models = store.models.map((model, m) => (model.decoder && this.shape ? this.#figure(m, model.name) : null));
    /** Called with (m, ms since the point moved) when a decoded image is drawn: for measurements. */
    this.painted = () => {};
    store.subscribe("point", () => this.show());
  }

  #figure(m, name) {
    if (!this.shape) return null;
    const { width, height } = this.shape, canvas = make("canvas", { width, height });
    const state = make("span", { className: "state" }), more = make("span", { className: "more" }), where = make("span", { className: "where" });
    canvas.setAttribute("role", "img");
    const node = make("figure", { className: "none" }, make("div", { className: "shot" }, canvas),
      make("figcaption", {}, make("b", { textContent: name }), " ", state, " ", more, where));
    node.querySelector(".shot").style.aspectRatio = `${width} / ${height}`;
    if (m !== null) more.title = "Mean absolute difference from the true image, over all pixels and channels";
    return { node, canvas, state, more, where, context: canvas.getContext("2d", { willReadFrequently: true }), drawn: null };
  }

  /** What cuts true images out of the grid's PNG; null until that is unpacked, which begins when the grid is first shown. */
  #cutter() {
    const { payload, slice } = this.store;
    if (!this.cutters.has(slice)) {
      this.cutters.set(slice, null);
      truths(payload, slice).then((cut) => {
        this.cutters.set(slice, cut);
        if (cut) this.show();
      });
    }
    return this.cutters.get(slice);
  }

  show() {
    this.#showTruth();
    const { store } = this, asked = performance.now();
    store.models.forEach((_, m) => {
      const figure = this.models[m];
      if (!figure) return;
      figure.wrong = false;
      if (store.away(m) || this.runtime.failed) return this.#empty(m);
      const turn = (figure.turn = (figure.turn ?? 0) + 1);
      if (figure.drawn) figure.drawn.isNewest = false; // until its own image comes
      this.runtime.decode(m, store.z(m)).then((image) => {
        // An older image than the newest one asked for may be drawn, since it shows the way; but not off the sheet.
        if (!image || store.away(m)) return;
        this.#paint(m, image, turn === figure.turn);
        this.painted(m, performance.now() - asked);
      }, () => {
        figure.wrong = true;
        this.#empty(m);
      });
      figure.late ??= setTimeout(() => this.#empty(m), LATE);
      this.#caption(m);
    });
  }

  #showTruth() {
    if (!this.true) return;
    const { store } = this, { f, exact } = store.point, cut = this.#cutter(), figure = this.true;
    const row = f && store.chart.rowAt(f), shown = Boolean(cut && f && store.chart.isPresent(row));
    figure.node.classList.toggle("none", !shown);
    this.truth = null;
    if (shown) {
      const image = cut(row);
      figure.context.putImageData(image, 0, 0);
      this.truth = planes(image.data, this.shape.channels);
    }
    const sheet = store.chart.kind === "sheet";
    figure.more.textContent = shown ? (sheet ? (exact ? "of this grid point" : "nearest grid point") : "of this sample")
      : f ? (cut ? "none is stored here" : "") : sheet ? "none off the sheet" : "no sample lies here";
    figure.where.textContent = f ? store.factorsAt(f).slice(0, 2).map(([name, value]) => `${name} ${steady(value)}`).join(", ") : "";
    figure.canvas.setAttribute("aria-label", `True image, ${figure.more.textContent}`);
  }

  #paint(m, image, isNewest) {
    const figure = this.models[m];
    figure.data = pixels(image, this.shape, figure.data);
    figure.context.putImageData(figure.data, 0, 0);
    figure.drawn = { image, isNewest };
    this.#inTime(figure);
    if (!isNewest) figure.late = setTimeout(() => this.#empty(m), LATE);
    this.#caption(m);
  }

  #empty(m) {
    this.models[m].drawn = null;
    this.#inTime(this.models[m]);
    this.#caption(m);
  }

  #inTime(figure) {
    clearTimeout(figure.late);
    figure.late = null;
  }

  #caption(m) {
    const { store, runtime } = this, { f, exact, by } = store.point, figure = this.models[m], away = store.away(m), held = store.held(m).size;
    const none = away || !figure.drawn, whole = f && exact && !held;
    figure.node.classList.toggle("none", none);
    figure.state.textContent = none ? "" : whole ? "reconstruction" : "decoded";
    figure.more.textContent = runtime.failed || figure.wrong ? "not decoded" : away ? "no counterpart" : none ? (runtime.ready ? "decoding ..." : "starting ...")
      : store.isLent(m) ? `of the image from ${store.models[by].name}` : held ? (held > 1 ? "latents held" : "a latent held")
      : !f ? (store.chart.kind === "sheet" ? "off the sheet" : "between samples") : whole ? this.#error(figure) : "between grid points";
    figure.canvas.setAttribute("aria-label", `Image that ${store.models[m].name} decodes: ${figure.more.textContent}`);
  }

  /** How far the newest image is from the true one; nothing while an older one is shown. */
  #error(figure) {
    if (!this.truth || !figure.drawn.isNewest) return "";
    return `error ${steady(error(figure.drawn.image, this.truth), 1)} of 255`;
  }
}
