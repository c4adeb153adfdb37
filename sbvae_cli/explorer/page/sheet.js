// A grid of two factors as a sheet of triangles that lies, perhaps folded, in a plane of two latents.
// Pure geometry: knows no page. A *place* is [u, v] in steps of the grid; a circular factor has one step more,
// from its last value back to its first. Points without an image are holes, and so are triangles that need them.

const SAME = 0.02; // steps: two places that are found on both sides of an edge are one

export class Sheet {
  /**
   * @param {{shape: number[], circular: boolean[], present: ?Uint8Array, held_out: ?Uint8Array}} slice
   */
  constructor({ shape, circular = [false, false], present = null, held_out: heldOut = null }) {
    this.kind = "sheet";
    this.shape = shape;
    // A turn of two values has no inside: it is no circle for the plot.
    this.circular = circular.map((is, axis) => is && shape[axis] > 2);
    this.present = present;
    this.held = heldOut;
    this.count = shape[0] * shape[1];
    /** Number of steps along each axis. */
    this.steps = shape.map((n, axis) => (this.circular[axis] ? n : n - 1));
    this.triangles = this.#triangles();
  }

  /** Row of the grid point (i, j) in codes and images. */
  row(i, j) {
    const [n, m] = this.shape;
    return (i % n) * m + (j % m);
  }

  isPresent(row) {
    return !this.present || this.present[row] === 1;
  }

  isHeldOut(row) {
    return this.held !== null && this.held[row] === 1;
  }

  /** Each triangle as [row p, row q, row r, i, j, part]; part 0 lies below the diagonal from p to r, 1 above. */
  #triangles() {
    const out = [];
    for (let i = 0; i < this.steps[0]; i++) {
      for (let j = 0; j < this.steps[1]; j++) {
        const p = this.row(i, j), r = this.row(i + 1, j + 1);
        for (const part of [0, 1]) {
          const q = part ? this.row(i, j + 1) : this.row(i + 1, j);
          if ([p, q, r].every((row) => this.isPresent(row))) out.push(p, q, r, i, j, part);
        }
      }
    }
    return Int32Array.from(out);
  }

  /** The place itself, within the grid: a circular factor goes round, others stop at their ends. */
  within([u, v]) {
    return [u, v].map((x, axis) => {
      const n = this.shape[axis];
      return this.circular[axis] ? ((x % n) + n) % n : Math.min(n - 1, Math.max(0, x));
    });
  }

  /** The grid point next to a place. */
  nearest(f) {
    return this.within(f.map(Math.round));
  }

  rowAt(f) {
    return this.row(...this.nearest(f));
  }

  /** How many steps two places are apart, the short way round. */
  gap(f, g) {
    if (!f || !g) return 0;
    const d = [0, 1].map((axis) => {
      const far = Math.abs(f[axis] - g[axis]);
      return this.circular[axis] ? Math.min(far, this.shape[axis] - far) : far;
    });
    return Math.hypot(...d);
  }

  /** Rows of the triangle on which a place lies and its share of each; null in a hole. */
  weights(f) {
    const [u, v] = this.within(f);
    const i = Math.max(0, Math.min(Math.floor(u), this.steps[0] - 1)), a = u - i;
    const j = Math.max(0, Math.min(Math.floor(v), this.steps[1] - 1)), b = v - j;
    const corners = a >= b
      ? [[i, j, 1 - a], [i + 1, j, a - b], [i + 1, j + 1, b]]
      : [[i, j, 1 - b], [i, j + 1, b - a], [i + 1, j + 1, a]];
    const used = corners.filter(([, , share]) => share > 1e-6).map(([k, l, share]) => [this.row(k, l), share]);
    return used.every(([row]) => this.isPresent(row)) ? used : null;
  }

  /** Value at a place of something known at the grid points; null in a hole. */
  value(values, f) {
    return this.weights(f)?.reduce((sum, [row, share]) => sum + share * values[row], 0) ?? null;
  }

  /** Code (K,) at a place, between the codes (count, K) of its triangle; null in a hole. */
  code(codes, K, f) {
    const weights = this.weights(f), out = new Float32Array(K);
    if (!weights) return null;
    for (const [row, share] of weights) for (let k = 0; k < K; k++) out[k] += share * codes[row * K + k];
    return out;
  }

  /** Every place that lies at (a, b) of a plane in which the grid points have the coordinates `x` and `y`. */
  layers({ x, y }, a, b) {
    const t = this.triangles, found = [];
    for (let n = 0; n < t.length; n += 6) {
      const p = t[n], q = t[n + 1], r = t[n + 2];
      const qx = x[q] - x[p], qy = y[q] - y[p], rx = x[r] - x[p], ry = y[r] - y[p];
      const area = qx * ry - rx * qy;
      if (Math.abs(area) < 1e-12) continue;
      const wq = ((a - x[p]) * ry - rx * (b - y[p])) / area, wr = (qx * (b - y[p]) - (a - x[p]) * qy) / area;
      if (wq < -1e-6 || wr < -1e-6 || wq + wr > 1 + 1e-6) continue;
      const [i, j, part] = [t[n + 3], t[n + 4], t[n + 5]];
      const f = this.within(part ? [i + wr, j + wq + wr] : [i + wq + wr, j + wr]);
      if (!found.some((g) => this.gap(f, g) < SAME)) found.push(f);
    }
    return found;
  }

  /** The two lines through a place along which one factor stays: lists of places from end to end. */
  cross(f) {
    return [0, 1].map((fixed) => Array.from({ length: this.steps[1 - fixed] + 1 }, (_, n) => (fixed ? [n, f[1]] : [f[0], n])));
  }
}

/** How far finite values lie apart. */
export function width(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
  return Math.max(0, high - low);
}
