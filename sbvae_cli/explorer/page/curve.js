// A line drawn by hand, as a list of points [a, b]: thinned while it is drawn, and divided
// into equal lengths when it is done. Pure functions: no page, no store.

/** Length of a line from its start to each of its points; `scale` is the size of one unit of each axis. */
export function lengths(points, scale = [1, 1]) {
  const out = [0];
  for (let n = 1; n < points.length; n++) {
    const [a, b] = points[n - 1], [c, d] = points[n];
    out.push(out[n - 1] + Math.hypot((c - a) * scale[0], (d - b) * scale[1]));
  }
  return out;
}

/** `count` points at equal distances along a line, the first and the last its ends. */
export function equalSteps(points, count, scale = [1, 1]) {
  const along = lengths(points, scale), whole = along.at(-1), out = [];
  if (points.length === 1 || whole === 0) return Array.from({ length: count }, () => [...points[0]]);
  let n = 1;
  for (let q = 0; q < count; q++) {
    const want = count === 1 ? whole / 2 : (whole * q) / (count - 1);
    while (n < points.length - 1 && along[n] < want) n++;
    const piece = along[n] - along[n - 1], share = piece ? Math.min(1, (want - along[n - 1]) / piece) : 0;
    out.push([0, 1].map((axis) => points[n - 1][axis] + share * (points[n][axis] - points[n - 1][axis])));
  }
  return out;
}

/**
 * A steadier line: each point but the ends becomes a mean of itself and its neighbours.
 * What a mouse or a finger shakes is a few pixels wide; a curve that is meant is longer.
 */
export function steadied(points, rounds = 2) {
  let line = points;
  for (let round = 0; round < rounds; round++) {
    line = line.map((p, n) => n === 0 || n === line.length - 1 ? p
      : [0, 1].map((axis) => (line[n - 1][axis] + 2 * p[axis] + line[n + 1][axis]) / 4));
  }
  return line;
}

/** Stretches of equal values, as [first, last, value]: what is drawn as one line along a strip. */
export function stretches(values) {
  const out = [];
  values.forEach((value, n) => {
    if (out.length && out.at(-1)[2] === value) out.at(-1)[1] = n;
    else out.push([n, n, value]);
  });
  return out;
}
