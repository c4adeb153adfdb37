// What moves over a plot: the point, the cross of constant factors through it, the other layers of a folded sheet.
// Draws on a plot's own canvas of marks, at every move; touches nothing else.
import { chartColours, css } from "colours";
import { disc, ring, trace } from "shapes";
import { palette } from "theme";

const APART = 0.75; // steps: a layer so near the point is the point

export function drawMarks(plot) {
  if (!plot.size) return;
  const context = plot.context(plot.over), colours = palette(), { x, y, w, h } = plot.frame();
  context.save();
  context.beginPath();
  context.rect(x - 1, y - 1, w + 2, h + 2);
  context.clip();
  if (plot.store.point.f) drawCross(context, plot, colours);
  drawLayers(context, plot, colours);
  drawSpot(context, plot, colours);
  context.restore();
}

/** Straight, turned or bent: where each factor stays as it is at the point. */
function drawCross(context, plot, { page, accent }) {
  const lines = plot.store.chart.cross(plot.store.point.f).map((line) => line.map((f) => plot.where(f)).map((at) => at && plot.place(...at)));
  trace(context, lines, accent, page, { width: 1.6, veil: 0.75 });
}

/** Model whose fold is looked at: the one of the pointer, else the first whose sheet is folded here. */
export function foldedModel(store) {
  const m = store.point.by ?? store.models.findIndex((_, n) => store.layers(n).length > 1);
  return m < 0 ? null : m;
}

function drawLayers(context, plot, { page, ink }) {
  const { store } = plot, { chart, point } = store, m = foldedModel(store);
  if (!point.f || m === null || m === plot.model) return; // in its own plot they are one point
  for (const f of store.layers(m)) {
    const at = chart.gap(f, point.f) > APART && plot.where(f);
    if (!at) continue;
    ring(context, plot.place(...at), 5, page, 3.5);
    ring(context, plot.place(...at), 5, ink, 1.6);
  }
}

function drawSpot(context, plot, { page, ink, accent, held }) {
  const { store } = plot, at = plot.spot();
  if (!at) return;
  const spot = plot.place(...at), radius = plot.bare ? 4 : 5.5, { f, by } = store.point;
  const lent = plot.model !== null && store.isLent(plot.model);
  ring(context, spot, radius + 2, ink, 1.5, page);
  if (f && !lent) {
    const inside = store.chart.isHeldOut(store.chart.rowAt(f)) ? held : chartColours(store)(f);
    disc(context, spot, radius, css(inside));
  } else disc(context, spot, 1.5, ink); // off the sheet no colour tells where it comes from
  if (store.touched && by === plot.model) ring(context, spot, 34, accent, 1.5);
}
