// Where the page starts: at a place that tells something. Knows the store.

/** Where the last model's sheet lies twice, the two far apart in factor space; else the middle. */
export function tellingPlace(store) {
  const { chart } = store, m = store.models.length - 1;
  if (chart.kind === "scatter") return [0, 0];
  const every = chart.shape.map((n) => Math.max(1, Math.round(n / 14)));
  let best = chart.shape.map((n) => n >> 1), most = 0;
  for (let i = every[0]; i < chart.shape[0] - every[0]; i += every[0]) {
    for (let j = every[1]; j < chart.shape[1] - every[1]; j += every[1]) {
      if (!chart.isPresent(chart.row(i, j))) continue;
      const layers = store.layersAt(m, ...store.placeIn(m, [i, j]));
      const far = Math.max(0, ...layers.map((f) => chart.gap(f, [i, j])));
      if (layers.length === 2 && far > most) [best, most] = [[i, j], far];
    }
  }
  return best;
}
