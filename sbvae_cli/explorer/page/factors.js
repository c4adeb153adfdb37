// What the factors are at a place of the chart: names, values, units. Knows the payload only.

/** Names of levels, as the factor gives them for all of its own; null where it gives none. */
export function levelNames(factor, levels) {
  if (!factor?.level_names) return null;
  return levels.map((v) => factor.level_names[(factor.levels ?? levels).findIndex((level) => Math.abs(level - v) < 1e-6)] ?? String(v));
}

/**
 * Factors at a place, as [[name, value or null, unit], ...]: of a grid its two, of samples all that are known. Of
 * levels that have names, the unit is the name of the nearest.
 */
export function factorsAt({ slices, points, factors }, n, chart, f) {
  if (!slices.length) {
    if (!points?.factors) return [];
    const row = f && chart.rowAt(f);
    return factors.map((factor, k) => {
      const value = f && points.factors[row * factors.length + k], named = f && levelNames(factor, [value]);
      return [factor.name, value, named ? named[0] : factor.unit ?? ""];
    });
  }
  return slices[n].names.map((name, axis) => {
    const factor = factors.find((each) => each.name === name);
    const levels = slices[n].values[axis], named = f && levelNames(factor, levels);
    return [name, f && valueAt(levels, f[axis], factor), named ? named[chart.nearest(f)[axis]] : factor?.unit ?? ""];
  });
}

/** Value at a step of a grid, between its levels; beyond the last level of a circular factor it goes on to its end. */
export function valueAt(levels, step, factor) {
  const n = levels.length;
  if (n < 2) return levels[0];
  const end = factor?.circular ? factor.high : levels[n - 1] + (levels[n - 1] - levels[n - 2]);
  const at = (k) => (k < n ? levels[k] : end), k = Math.max(0, Math.min(Math.floor(step), factor?.circular ? n - 1 : n - 2));
  return at(k) + (step - k) * (at(k + 1) - at(k));
}

/** Columns of the two factors of samples that are shown: the first two that vary; null of fewer than two factors. */
export function factorPair({ factors, points }) {
  if (!points?.factors || factors.length < 2) return null;
  const varying = factors.map((_, k) => k).filter((k) => factors[k].varies !== false);
  return varying.length > 1 ? varying.slice(0, 2) : [0, 1];
}

/** Where the points of the chart lie in factor space, { x, y }: in steps of the grid, or in the factors' own units. */
export function factorPlane(payload, chart) {
  const column = (value) => Float32Array.from({ length: chart.count }, (_, n) => value(n));
  if (chart.kind === "sheet") return { x: column((n) => Math.floor(n / chart.shape[1])), y: column((n) => n % chart.shape[1]) };
  const pair = factorPair(payload), { points, factors } = payload;
  if (!pair) return null;
  const [x, y] = pair.map((k) => column((n) => points.factors[n * factors.length + k]));
  return { x, y };
}
