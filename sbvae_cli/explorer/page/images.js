// The images of the point: the true one, and what each model decodes. Off the sheet an empty frame, never a stale image.
import { bytes } from "payload";
import { make, steady } from "parts";

export class Images {
  /** @param {(p: number | null) => HTMLElement} home where the figure of model p, or of the truth (null), is put */
  constructor(store, runtime) {
    Object.assign(this, { store, runtime, shape: store.payload.image, truths: new Map(), truth: null });
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

  #atlas() {
    const { slices, points } = this.store.payload;
    return slices.length ? slices[this.store.slice] : points;
  }

  /** The images of a grid, one PNG; it is unpacked when the grid is first shown. */
  #unpacked() {
    const atlas = this.#atlas();
    if (!atlas?.images) return null;
    if (!this.truths.has(atlas)) {
      this.truths.set(atlas, null);
      createImageBitmap(new Blob([bytes(atlas.images)], { type: "image/png" }), { colorSpaceConversion: "none" }).then((bitmap) => {
        this.truths.set(atlas, bitmap);
        this.show();
      });
    }
    return this.truths.get(atlas);
  }

  show() {
    this.#showTruth();
    const { store } = this, asked = performance.now();
    store.models.forEach((_, m) => {
      const figure = this.models[m];
      if (!figure) return;
      if (store.away(m) || this.runtime.failed) {
        figure.drawn = null;
        return this.#caption(m);
      }
      const turn = (figure.turn = (figure.turn ?? 0) + 1);
      if (figure.drawn) figure.drawn.isNewest = false; // until its own image comes
      this.runtime.decode(m, store.z(m)).then((image) => {
        // An older image than the newest one asked for may be drawn, since it shows the way; but not off the sheet.
        if (!image || store.away(m)) return;
        this.#paint(m, image, turn === figure.turn);
        this.painted(m, performance.now() - asked);
      }, () => this.#caption(m));
      this.#caption(m);
    });
  }

  #showTruth() {
    if (!this.true) return;
    const { store, shape: { width, height } } = this, { f, exact } = store.point, bitmap = this.#unpacked(), figure = this.true;
    const row = f && store.chart.rowAt(f), shown = Boolean(bitmap && f && store.chart.isPresent(row));
    figure.node.classList.toggle("none", !shown);
    this.truth = null;
    if (shown) {
      const columns = this.#atlas().columns, x = (row % columns) * width, y = Math.floor(row / columns) * height;
      figure.context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
      this.truth = figure.context.getImageData(0, 0, width, height).data;
    }
    const sheet = store.chart.kind === "sheet";
    figure.more.textContent = shown ? (sheet ? (exact ? "of this grid point" : "nearest grid point") : "of this sample")
      : f ? (bitmap ? "none is stored here" : "") : sheet ? "none off the sheet" : "no sample lies here";
    figure.where.textContent = f ? store.factorsAt(f).slice(0, 2).map(([name, value]) => `${name} ${steady(value)}`).join(", ") : "";
    figure.canvas.setAttribute("aria-label", `True image, ${figure.more.textContent}`);
  }

  #paint(m, image, isNewest) {
    const { width, height, channels } = this.shape, figure = this.models[m], plane = width * height;
    const data = (figure.data ??= figure.context.createImageData(width, height)), rgba = data.data;
    for (let n = 0; n < plane; n++) {
      for (let c = 0; c < 3; c++) rgba[4 * n + c] = 255 * image[(c % channels) * plane + n] + 0.5; // clamped by its type
      rgba[4 * n + 3] = 255;
    }
    figure.context.putImageData(data, 0, 0);
    figure.drawn = { isNewest };
    this.#caption(m);
  }

  #caption(m) {
    const { store, runtime } = this, { f, exact, by } = store.point, figure = this.models[m], away = store.away(m), held = store.held(m).size;
    const none = away || !figure.drawn, whole = f && exact && !held;
    figure.node.classList.toggle("none", none);
    figure.state.textContent = none ? "" : whole ? "reconstruction" : "decoded";
    figure.more.textContent = runtime.failed ? "not decoded" : away ? "no counterpart" : none ? "starting ..."
      : store.isLent(m) ? `of what ${store.models[by].name} draws` : held ? (held > 1 ? "latents held" : "a latent held")
      : !f ? (store.chart.kind === "sheet" ? "off the sheet" : "between samples") : whole ? this.#error(figure) : "between grid points";
    figure.canvas.setAttribute("aria-label", `Image that ${store.models[m].name} decodes: ${figure.more.textContent}`);
  }

  /** How far the newest image is from the true one; nothing while an older one is shown. */
  #error(figure) {
    if (!this.truth || !figure.drawn.isNewest) return "";
    const made = figure.data.data;
    let sum = 0;
    for (let n = 0; n < made.length; n += 4) for (let c = 0; c < 3; c++) sum += Math.abs(made[n + c] - this.truth[n + c]);
    return `error ${steady(sum / (0.75 * made.length), 1)} of 255`;
  }
}
