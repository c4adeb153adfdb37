// A sheet of glass over each plot, on which the page's further parts draw their marks.
import { make } from "parts";
import { palette } from "theme";

const made = new WeakMap();

/** The glass over the plots of a store, made once; it is drawn anew whenever what lies under it changes. */
export function glassOf(store) {
  if (!made.has(store)) {
    const sheets = glass(store.plots);
    made.set(store, sheets);
    for (const what of ["slice", "axes", "theme", "view"]) store.subscribe(what, sheets.redraw);
  }
  return made.get(store);
}

/**
 * Glass over `plots`: `add(draw)` takes a function (context, plot, colours) that is called for each plot whenever
 * it changes, in CSS pixels of the plot and clipped to its frame; `redraw()` calls them all.
 */
function glass(plots) {
  const sheets = plots.map((plot) => {
    const canvas = make("canvas", { className: "glass", ariaHidden: "true" });
    plot.element.append(canvas);
    return { plot, canvas };
  });
  const drawers = [];
  const redraw = () => {
    const colours = palette();
    for (const { plot, canvas } of sheets) {
      const context = cleared(canvas, plot), frame = plot.frame();
      context.save();
      context.beginPath();
      context.rect(frame.x, frame.y, frame.w, frame.h);
      context.clip();
      for (const draw of drawers) draw(context, plot, colours);
      context.restore();
    }
  };
  return { add: (draw) => drawers.push(draw), redraw };
}

function cleared(canvas, plot) {
  const { clientWidth: w, clientHeight: h } = plot.element, ratio = Math.min(devicePixelRatio || 1, 2.5); // as a plot's
  const size = [Math.round(w * ratio), Math.round(h * ratio)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, w, h);
  return context;
}
