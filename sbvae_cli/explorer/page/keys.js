// The keyboard: arrows move the point in the plot that has the focus, + - 0 zoom it; L and Esc work everywhere.

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP = { grid: [1, 4], pixels: [4, 20] }; // without and with Shift

export function listenKeys(plot, store) {
  plot.element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || plot.small()) return;
    if (!zoomed(plot, event.key) && !moved(plot, store, event)) return;
    event.preventDefault();
  });
}

function zoomed(plot, key) {
  if (!["+", "=", "-", "0"].includes(key)) return false;
  const spot = plot.spot();
  if (key === "0") plot.whole();
  else plot.zoom(key === "-" ? 1.25 : 0.8, spot ? plot.place(...spot) : undefined);
  return true;
}

function moved(plot, store, { key, shiftKey }) {
  const way = WAYS[key];
  if (!way) return false;
  const { chart, point } = store, large = Number(shiftKey);
  if (chart.kind === "scatter") walkSamples(plot, store, way);
  else if (plot.model === null) {
    const from = chart.nearest(point.f ?? store.last);
    store.placeFactor(from.map((v, axis) => v + STEP.grid[large] * way[axis]));
  } else {
    const spot = plot.spot() ?? store.placeIn(plot.model, store.last), unit = plot.view.unit;
    store.placeLatent(plot.model, ...spot.map((v, axis) => v + STEP.pixels[large] * unit[axis] * way[axis]));
  }
  store.pin();
  return true;
}

/** To the next sample in the way of the arrow: near, and rather ahead than aside. */
function walkSamples(plot, store, way) {
  const here = plot.where(store.point.f ?? store.last), { unit } = plot.view;
  let best = null, least = Infinity;
  for (let n = 0; n < store.chart.count; n++) {
    const at = plot.where([n, 0]), [dx, dy] = [0, 1].map((axis) => (at[axis] - here[axis]) / unit[axis]);
    const ahead = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
    if (ahead > 0.5 && ahead + 2 * aside < least) [best, least] = [n, ahead + 2 * aside];
  }
  if (best !== null) store.placeFactor([best, 0]);
}

/** Keys of the whole page: the next layer of a fold, and all as it was at the start. */
export function listenPageKeys(store) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.target.closest?.("select, textarea, input:not([type=range])")) return;
    if (event.key === "l" || event.key === "L") store.nextLayer();
    if (event.key === "Escape") {
      store.begin();
      for (const plot of store.plots) plot.whole();
    }
  });
}
