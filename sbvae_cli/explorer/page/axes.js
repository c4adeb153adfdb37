// The scale of a plot: which part of a plane it shows, where in it a point lies, what its ticks are. Knows no page.

export const CLOSEST = 1 / 32; // of the whole: no zoom goes nearer

export class View {
  constructor() {
    this.zoom = null; // { scale, mid }: share of the whole that is shown, and its middle; null: all of it
    this.frame = { x: 0, y: 0, w: 1, h: 1 };
    this.unit = [1, 1];
    this.mid = [0, 0];
  }

  /**
   * Show `extent` [[low, high], [low, high]] in a frame of CSS pixels.
   * @param {boolean} equal whether both axes have one scale, as two latents have
   * @param {number} margin share of the extent that is added
   */
  fit(extent, frame, { equal, margin, least = 0 }) {
    this.frame = frame;
    const span = extent.map(([low, high]) => (high - low) * (1 + margin)), sides = [frame.w, frame.h];
    const unit = span.map((width, axis) => Math.max(width, least) / Math.max(1, sides[axis]) || 1 / sides[axis]);
    const whole = equal ? [Math.max(...unit), Math.max(...unit)] : unit;
    this.whole = whole;
    this.home = extent.map(([low, high]) => (low + high) / 2);
    this.#settle();
  }

  #settle() {
    const scale = this.zoom?.scale ?? 1;
    this.unit = this.whole.map((size) => size * scale);
    this.mid = this.zoom?.mid ?? this.home;
  }

  /** Pixels of (a, b). */
  place(a, b) {
    const { x, y, w, h } = this.frame;
    return [x + w / 2 + (a - this.mid[0]) / this.unit[0], y + h / 2 - (b - this.mid[1]) / this.unit[1]];
  }

  /** What lies at the pixels (px, py). */
  back(px, py) {
    const { x, y, w, h } = this.frame;
    return [this.mid[0] + (px - x - w / 2) * this.unit[0], this.mid[1] - (py - y - h / 2) * this.unit[1]];
  }

  range(axis) {
    const half = ([this.frame.w, this.frame.h][axis] / 2) * this.unit[axis];
    return [this.mid[axis] - half, this.mid[axis] + half];
  }

  /** Show `factor` times as much, so that what lies at the pixels (px, py) stays there. Whether that changed anything. */
  zoomAt(factor, px, py) {
    const now = this.zoom?.scale ?? 1, scale = Math.min(1, Math.max(CLOSEST, now * factor));
    if (scale === now) return false;
    const [a, b] = this.back(px, py), share = scale / now;
    const mid = [a + (this.mid[0] - a) * share, b + (this.mid[1] - b) * share];
    this.zoom = scale === 1 ? null : { scale, mid };
    this.#settle();
    return true;
  }

  /** Move by pixels; what is not zoomed shows all and stays. */
  pan(dx, dy) {
    if (!this.zoom) return false;
    const half = this.whole.map((unit, axis) => (unit * [this.frame.w, this.frame.h][axis]) / 2);
    const to = [this.mid[0] - dx * this.unit[0], this.mid[1] + dy * this.unit[1]];
    this.zoom.mid = to.map((v, axis) => Math.min(this.home[axis] + half[axis], Math.max(this.home[axis] - half[axis], v)));
    this.#settle();
    return true;
  }

  reset() {
    const zoomed = this.zoom !== null;
    this.zoom = null;
    if (this.whole) this.#settle();
    return zoomed;
  }
}

/** Round numbers within a range, at most `most` of them, as [[value, text], ...]. */
export function ticks([low, high], most = 5) {
  if (!(high > low)) return [];
  const tenth = 10 ** Math.floor(Math.log10((high - low) / most));
  for (const factor of [1, 2, 5, 10, 20]) {
    const step = tenth * factor, first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
    if (last - first + 1 > most) continue;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => {
      const value = (first + n) * step;
      return [value, value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, "$1")];
    });
  }
  return [];
}

/**
 * Ticks of a factor along the steps of a grid, as [[step, text], ...]: names of its levels where they have some,
 * round numbers where they are evenly spaced, else some of the levels themselves.
 */
export function levelTicks(levels, [low, high], steps, names = null, most = 5) {
  const n = levels.length, each = n > 1 ? (levels[n - 1] - levels[0]) / (n - 1) : 0;
  const even = each > 0 && levels.every((v, k) => Math.abs(v - levels[0] - k * each) < 1e-3 * each);
  if (!names && even && n > 8) {
    return ticks([levels[0] + low * each, levels[0] + high * each], most)
      .map(([v, text]) => [(v - levels[0]) / each, text]).filter(([step]) => step > -1e-6 && step < steps + 1e-6);
  }
  const every = Math.max(1, Math.ceil((Math.min(high, n - 1) - Math.max(low, 0) + 1) / most));
  return levels.map((v, k) => [k, names?.[k] ?? String(Number(v.toPrecision(3)))]).filter(([k]) => k % every === 0 && k >= low && k <= high);
}
