// Drawing a line in a plot: by dragging, by clicking corner after corner, or from the keyboard.
import { steadied } from "curve";
import { disc, trace } from "shapes";

const SLIP = 5, APART = 3; // pixels: a click that slips is no drag; points of a drag are at least so far apart

/**
 * A pen for all plots, which draws on the glass over them. `onchange(line)` is told of each new line, { plot, points }, or null when it is wiped;
 * `onmove(plot, a, b)` of where the pen is, so that images follow it; `onmode(on)` of the pen taken up or put down.
 * Returns { on, line, set(on), wipe(), redraw(), show(steps, chosen) }: `steps(plot)` are places to be marked
 * in each plot, [a, b] or null, `chosen` the number of the one that is looked at.
 */
export function pen(plots, layer, { onchange, onmove, onmode }) {
  const state = { on: false, line: null, drag: null, steps: () => [], chosen: null };
  layer.add((context, plot, colours) => draw(context, plot, colours, state));
  const redraw = layer.redraw;
  const change = (line) => {
    state.line = line;
    redraw();
    if (!state.drag) onchange(line && line.points.length > 1 ? line : null);
  };
  const corner = (plot, at) => {
    const same = state.line?.plot === plot && state.line.corners;
    change({ plot, corners: true, points: same ? [...state.line.points, at] : [at] });
  };
  const wipe = () => change(null);
  const show = (steps, chosen = null) => {
    Object.assign(state, { steps, chosen });
    redraw();
  };
  const set = (on) => {
    state.on = on;
    state.drag = null;
    document.documentElement.classList.toggle("drawing", on);
    onmode(on);
    redraw();
  };
  for (const plot of plots) {
    listen(plot, state, { change, corner, onmove });
    plot.element.addEventListener("keydown", (event) => keys(event, plot, state, { corner, change }), true);
  }
  return { get on() { return state.on; }, get line() { return state.line; }, set, wipe, redraw, show };
}

function listen(plot, state, { change, corner, onmove }) {
  const at = (event) => {
    const box = plot.element.getBoundingClientRect();
    return plot.back(event.clientX - box.left, event.clientY - box.top);
  };
  const own = (event) => state.on && !plot.small() && event.isPrimary && event.button <= 0;
  const on = (kind, f) => plot.element.addEventListener(kind, (event) => {
    if (!own(event)) return;
    event.stopPropagation();
    f(event);
  }, true);
  on("pointerdown", (event) => {
    event.preventDefault();
    plot.element.focus({ preventScroll: true });
    plot.element.setPointerCapture(event.pointerId);
    state.drag = { plot, id: event.pointerId, x: event.clientX, y: event.clientY, points: [at(event)], far: false };
    onmove(plot, ...at(event));
  });
  on("pointermove", (event) => {
    const drag = state.drag;
    if (!drag) return onmove(plot, ...at(event));
    const last = drag.last ?? drag, step = Math.hypot(event.clientX - last.x, event.clientY - last.y);
    drag.far ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > SLIP;
    if (!drag.far || step < APART) return;
    drag.last = { x: event.clientX, y: event.clientY };
    drag.points.push(at(event));
    change({ plot, points: drag.points });
    onmove(plot, ...at(event));
  });
  on("pointerup", (event) => {
    const drag = state.drag;
    state.drag = null;
    if (!drag) return;
    if (drag.far) change({ plot, points: steadied(drag.points) });
    else corner(plot, at(event));
  });
  plot.element.addEventListener("pointercancel", () => (state.drag = null), true);
  for (const kind of ["click", "dblclick"]) on(kind, () => {});
}

function keys(event, plot, state, { corner, change }) {
  if (!state.on || event.ctrlKey || event.metaKey || event.altKey) return;
  const { line } = state;
  if (event.key === "Enter" || event.key === " ") {
    const spot = plot.spot();
    if (spot) corner(plot, spot);
  } else if (event.key === "Backspace" && line) {
    change(line.corners && line.points.length > 1 ? { ...line, points: line.points.slice(0, -1) } : null);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function draw(context, plot, { pen, page }, state) {
  if (state.line?.plot === plot) {
    const points = state.line.points.map((p) => plot.place(...p));
    trace(context, [points], pen, page);
    disc(context, points[0], 4, pen, page);
    if (state.line.corners) points.slice(1).forEach((p) => disc(context, p, 3, pen, page));
  }
  state.steps(plot).forEach((at, n) => at && disc(context, plot.place(...at), n === state.chosen ? 5 : 2.2, pen, page));
}
