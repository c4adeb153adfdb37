// Who is told of what changed, once a frame. Knows nothing of what it tells.

export class Signals {
  /** @param {string[]} kinds of changes, in the order in which they are told */
  constructor(kinds) {
    this.kinds = kinds;
    this.listeners = new Map(kinds.map((kind) => [kind, []]));
    this.dirty = new Set();
  }

  subscribe(what, f) {
    this.listeners.get(what).push(f);
  }

  changed(...what) {
    if (!this.dirty.size) requestAnimationFrame(() => this.settle());
    for (const kind of what) this.dirty.add(kind);
  }

  /** Tell of all that changed, now; otherwise the next frame does. */
  settle() {
    const changes = this.kinds.filter((kind) => this.dirty.has(kind));
    this.dirty.clear();
    for (const kind of changes) for (const f of this.listeners.get(kind)) f();
  }
}
