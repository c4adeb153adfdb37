// What stands still in a plot: frame, ticks, the sheet or the samples. Draws on a plot's base canvas, touches nothing else.
import { levelTicks, ticks } from "axes";
import { chartColours, css } from "colours";
import { disc } from "shapes";
import { palette } from "theme";

const FILL = 0.24; // opacity of the sheet: layers that lie on each other are seen
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

export function drawBase(plot) {
  const context = plot.context(plot.base), colours = palette(), { x, y, w, h } = plot.frame();
  if (!plot.bare) drawAxes(context, plot, colours);
  context.save();
  context.beginPath();
  context.rect(x, y, w, h);
  context.clip();
  if (plot.model !== null && plot.store.models[plot.model].stds && plot.store.axes[plot.model][1] !== null) drawPrior(context, plot, colours);
  if (plot.model !== null) drawCollapse(context, plot, colours);
  if (plot.store.chart.kind === "sheet") drawSheet(context, plot, colours);
  else drawSamples(context, plot, colours);
  context.restore();
  context.strokeStyle = colours.faint;
  context.lineWidth = 1;
  context.strokeRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.floor(w) - 1, Math.floor(h) - 1);
}

function drawAxes(context, plot, { quiet, faint }) {
  const { x, y, w, h } = plot.frame(), axes = plot.axes();
  const marks = axes.map(({ levels, steps, texts }, axis) => (levels ? levelTicks(levels, plot.view.range(axis), steps, texts) : ticks(plot.view.range(axis))));
  Object.assign(context, { font: "12.5px Aileron, system-ui, sans-serif", fillStyle: quiet, strokeStyle: faint, lineWidth: 1, textAlign: "center", textBaseline: "top" });
  context.beginPath();
  for (const [value, text] of marks[0]) {
    const [px] = plot.place(value, 0);
    context.moveTo(px, y + h);
    context.lineTo(px, y + h + 4);
    context.fillText(text, px, y + h + 7);
  }
  Object.assign(context, { textAlign: "right", textBaseline: "middle" });
  for (const [value, text] of marks[1]) {
    const [, py] = plot.place(0, value);
    if (py < y + 7) continue;
    context.moveTo(x - 4, py);
    context.lineTo(x, py);
    context.fillText(text, x - 8, py);
  }
  context.stroke();
  Object.assign(context, { textAlign: "center", textBaseline: "bottom" });
  context.fillText(axes[0].name, x + w / 2, plot.size[1] - 3);
  context.save();
  context.translate(3, y + h / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "top";
  context.fillText(axes[1].name, 0, 0);
  context.restore();
}

/** Rings at 1 and 2 std of the prior. */
function drawPrior(context, plot, { faint }) {
  const [px, py] = plot.place(0, 0);
  context.strokeStyle = faint;
  context.setLineDash([4, 3]);
  for (const r of [1, 2]) {
    context.beginPath();
    context.arc(px, py, r / plot.view.unit[0], 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
}

/** Of a collapsed model the plot looks empty: a line says why. */
function drawCollapse(context, plot, { quiet }) {
  const extent = plot.store.collapsed(plot.model), { x, y, w } = plot.frame();
  if (extent === null) return;
  Object.assign(context, { font: "12.5px Aileron, system-ui, sans-serif", fillStyle: quiet, textAlign: "center", textBaseline: "top" });
  const within = extent ? Math.ceil(extent * 1000) / 1000 : 0, lines = ["collapsed:", `all codes lie within ${within}`];
  if (plot.bare) lines.pop();
  lines.forEach((line, n) => context.fillText(plot.bare ? "collapsed" : line, x + w / 2, y + 12 + 17 * n));
}

function drawSheet(context, plot, colours) {
  const { chart } = plot.store, colour = chartColours(plot.store), [w, h] = [plot.frame().w, plot.frame().h];
  const plane = plot.model === null ? null : plot.store.plane(plot.model);
  const at = (i, j) => {
    const row = chart.row(i, j);
    return plane ? plot.place(plane.x[row], plane.y[row]) : plot.place(i, j);
  };
  const columns = chart.steps[0] + 1, rows = chart.steps[1] + 1, fine = Math.min(w, h) / Math.max(columns, rows);
  const spots = Array.from({ length: columns }, (_, i) => Array.from({ length: rows }, (_, j) => (chart.isPresent(chart.row(i, j)) ? at(i, j) : null)));
  fillCells(context, chart, spots, colour, colours);
  context.lineWidth = clamp(0.05 * fine, 0.5, 1.2);
  strokeCells(context, chart, spots, colour, colours);
  const near = plot.view.zoom ? plot.view.zoom.scale ** -0.6 : 1;
  dotPoints(context, chart, spots, colour, colours, near * clamp(0.2 * fine, 0.9, 3));
}

function fillCells(context, chart, spots, colour, { heldFill }) {
  const t = chart.triangles;
  for (let n = 0; n < t.length; n += 6) {
    const [p, q, r, i, j, part] = t.subarray(n, n + 6), held = [p, q, r].every((row) => chart.isHeldOut(row));
    context.fillStyle = held ? css(heldFill, FILL) : css(colour([i + 0.5, j + 0.5]), FILL);
    context.beginPath();
    context.moveTo(...spots[i][j]);
    context.lineTo(...(part ? spots[i][j + 1] : spots[i + 1][j]));
    context.lineTo(...spots[i + 1][j + 1]);
    context.fill();
  }
}

function strokeCells(context, chart, spots, colour, { heldLine }) {
  const line = (i, j, k, l) => {
    if (!spots[i][j] || !spots[k]?.[l]) return;
    const held = chart.isHeldOut(chart.row(i, j)) || chart.isHeldOut(chart.row(k, l));
    context.strokeStyle = held ? css(heldLine) : css(colour([(i + k) / 2, (j + l) / 2]));
    context.beginPath();
    context.moveTo(...spots[i][j]);
    context.lineTo(...spots[k][l]);
    context.stroke();
  };
  spots.forEach((column, i) => column.forEach((_, j) => {
    line(i, j, i + 1, j);
    if (j + 1 < column.length) line(i, j, i, j + 1);
  }));
}

function dotPoints(context, chart, spots, colour, { held }, radius) {
  spots.forEach((column, i) => column.forEach((spot, j) => {
    if (!spot) return;
    const out = chart.isHeldOut(chart.row(i, j)), [u, v] = chart.nearest([i, j]);
    disc(context, spot, out ? 0.85 * radius : radius, css(out ? held : colour([u, v])));
  }));
}

function drawSamples(context, plot, { held }) {
  const { store } = plot, { chart } = store, colour = chartColours(store);
  const { x, y } = plot.model === null ? store.factorPlane() : store.plane(plot.model);
  const crowd = plot.bare ? 0.6 : 1, radius = crowd * clamp(52 / Math.sqrt(chart.count), 1.6, 3.5) * (plot.view.zoom ? plot.view.zoom.scale ** -0.3 : 1);
  for (let n = 0; n < chart.count; n++) {
    disc(context, plot.place(x[n], y[n]), radius, css(chart.isHeldOut(n) ? held : colour([n, 0]), 0.85));
  }
}
