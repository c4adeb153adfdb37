// Sample images without a grid: points that do not join to a sheet. The same questions as those to a `Sheet`,
// so that the page need not know which of them it has. A *place* is [n, 0]: the sample n.

export class Scatter {
  constructor({ count, held_out: heldOut = null }) {
    this.kind = "scatter";
    this.count = count;
    this.held = heldOut;
    this.shape = [count, 1];
    this.steps = [count - 1, 0];
    this.circular = [false, false];
    this.triangles = new Int32Array();
  }

  isPresent() {
    return true;
  }

  isHeldOut(row) {
    return this.held !== null && this.held[row] === 1;
  }

  within([n]) {
    return [Math.min(this.count - 1, Math.max(0, Math.round(n))), 0];
  }

  nearest(f) {
    return this.within(f);
  }

  rowAt(f) {
    return this.within(f)[0];
  }

  gap(f, g) {
    return f && g && f[0] !== g[0] ? 1 : 0;
  }

  weights(f) {
    return [[this.rowAt(f), 1]];
  }

  value(values, f) {
    return values[this.rowAt(f)];
  }

  code(codes, K, f) {
    const row = this.rowAt(f);
    return codes.slice(row * K, (row + 1) * K);
  }

  /** The sample next to (a, b) within `reach`, as a list of one; else nothing lies there. */
  layers(plane, a, b, reach = 0) {
    const f = this.closest(plane, a, b);
    return Math.hypot(plane.x[f[0]] - a, plane.y[f[0]] - b) <= reach ? [f] : [];
  }

  /** The sample next to (a, b), however far. */
  closest({ x, y }, a, b) {
    let best = 0, least = Infinity;
    for (let n = 0; n < this.count; n++) {
      const far = (x[n] - a) ** 2 + (y[n] - b) ** 2;
      if (far < least) [best, least] = [n, far];
    }
    return [best, 0];
  }

  cross() {
    return [];
  }
}
