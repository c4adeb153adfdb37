// What lies under a line that was drawn in one of the plots: a column for each step along it.
import { equalSteps } from "curve";

/**
 * Steps at equal distances along a line.
 *
 * line: { model: index or null (factor space), points: [[a, b], ...] in the plot's coordinates };
 * space: what the store knows of the sheet, as from `spaceOf`: latentDims, axes(m), code(m, f), layersAt(m, a, b), last(), gap(f, g),
 * samples (whether they are scattered, not on a grid), closest(m, at), encodes(m), heldOut(f) and near(at), the place at a point of factor space, null in a hole.
 * Returns for each step { f: place on the sheet or null, mark: "", "held out" or "off",
 * at: [a, b] in the plot, z: [Float32Array or null for each model] }. Where the sheet is folded the line
 * keeps to the layer nearest to the one before. Off the sheet the other latents stay as they were last.
 */
export function columns(line, count, space, scale = [1, 1]) {
  const steps = equalSteps(line.points, count, scale);
  let last = space.last(), before = null;
  return steps.map((at) => {
    const f = line.model === null ? space.near(at) : space.samples ? space.closest(line.model, at) : nearestLayer(space.layersAt(line.model, ...at), last, space.gap);
    if (f) last = f;
    // Between samples there is no sheet: what can encode gets its place from the image, the others take the sample next to it.
    const z = space.latentDims.map((_, m) => (f && !(space.samples && space.encodes(m)) ? space.code(m, f) : null));
    if (line.model !== null) {
      const own = Float32Array.from(f ? space.code(line.model, f) : before ?? space.code(line.model, last));
      before = own.slice();
      space.axes(line.model).forEach((k, axis) => k !== null && (own[k] = at[axis]));
      z[line.model] = own;
    }
    return { f, at, z, mark: !f ? "off" : space.heldOut(f) ? "held out" : "" };
  });
}

/** What a walk through `plot` asks of the store. */
export function spaceOf(store, plot) {
  const { chart, models } = store;
  return {
    latentDims: models.map((model) => model.latents),
    axes: (m) => store.axes[m],
    code: (m, f) => store.code(m, f),
    layersAt: (m, a, b) => store.layersAt(m, a, b),
    last: () => store.last,
    gap: (f, g) => chart.gap(f, g),
    samples: chart.kind === "scatter",
    closest: (m, at) => chart.closest(store.plane(m), ...at),
    encodes: (m) => Boolean(models[m].encoder),
    heldOut: (f) => chart.isHeldOut(chart.rowAt(f)),
    near: (at) => {
      const f = chart.within(plot.near(...at));
      return chart.weights(f) ? f : null;
    },
  };
}

function nearestLayer(layers, last, gap) {
  return layers.reduce((best, f) => (!best || gap(f, last) < gap(best, last) ? f : best), null);
}

/** Where a code lies in the plot of model m; one of a single latent stands at the height of a place, or of the point. */
export function shadow(store, m, z, f = null) {
  const [i, j] = store.axes[m];
  return [z[i], j === null ? (f ?? store.last)[1] : z[j]];
}

/** What the steps' marks say, as a sentence; "" where all lie on trained ground. */
export function summary(marks) {
  const count = (kind) => marks.filter((mark) => mark === kind).length, off = count("off"), held = count("held out");
  const lie = (n) => (n === 1 ? "lies" : "lie"), where = [];
  if (held) where.push(`${held} of ${marks.length} images ${lie(held)} in the region held out of training (thick line)`);
  if (off) where.push(`${held ? off : `${off} of ${marks.length} images`} ${lie(off)} off the sheet, where the data have no image (broken line)`);
  return where.length ? `${where.join(", ")}.` : "";
}
