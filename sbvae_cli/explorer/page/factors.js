// What the factors are at a place of the chart: names, values, units. Knows the payload only.

/** Factors at a place, as [[name, value or null, unit], ...]: of a grid its two, of samples all that are known. */
export function factorsAt({ slices, points, factors }, n, chart, f) {
  if (!slices.length) {
    if (!points?.factors) return [];
    const row = f && chart.rowAt(f);
    return factors.map(({ name, unit }, k) => [name, f && points.factors[row * factors.length + k], unit]);
  }
  return slices[n].names.map((name, axis) => {
    const factor = factors.find((each) => each.name === name);
    return [name, f && valueAt(slices[n].values[axis], f[axis], factor), factor?.unit ?? ""];
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
