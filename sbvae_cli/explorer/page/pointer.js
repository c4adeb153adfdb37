// Mouse, pen and fingers on a plot. A move places the point, a click or a finger keeps it; the wheel (with the focus),
// two fingers or a drag of what is zoomed change what the plot shows. Listens on the plot's own element.

const near = ([x, y], [u, v]) => Math.hypot(x - u, y - v);

export function listenPointer(plot, store, { enlarge }) {
  const { element } = plot, fingers = new Map();
  let waiting = null, frame = null, drag = null, pinch = null;
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  // The first move of a frame counts at once, point, marks and the call of the decoders; of those after it the newest, in
  // the next frame.
  const move = ([px, py], keeps) => {
    waiting = { px, py, keeps: keeps || waiting?.keeps };
    if (frame === null) follow();
  };
  const follow = () => {
    frame = null;
    if (!waiting) return;
    arrive();
    store.settle();
    frame = requestAnimationFrame(follow);
  };
  const arrive = () => {
    if (!waiting) return;
    const { x, y, w, h } = plot.frame(), inside = (v, low, size) => Math.min(low + size, Math.max(low, v));
    store.place(plot, ...plot.back(inside(waiting.px, x, w), inside(waiting.py, y, h)));
    if (waiting.keeps) store.pin();
    waiting = null;
  };
  const stop = () => (waiting = null);

  element.addEventListener("pointerdown", (event) => {
    if (plot.small() || event.button > 0) return;
    const here = at(event);
    if (event.pointerType === "mouse") {
      if (plot.view.zoom) {
        drag = here;
        element.setPointerCapture(event.pointerId);
      }
      move(here, true);
      return arrive(); // at once: the mouse may be elsewhere in the next frame
    }
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, here);
    if (fingers.size === 2) {
      stop();
      pinch = [...fingers.values()];
      store.touched = false;
    } else if (fingers.size === 1) {
      store.touched = true;
      move(here, true);
    }
  });
  element.addEventListener("pointermove", (event) => {
    if (plot.small()) return;
    const here = at(event);
    if (drag) {
      plot.pan(here[0] - drag[0], here[1] - drag[1]);
      drag = here;
      return;
    }
    if (!fingers.has(event.pointerId)) return move(here, false);
    fingers.set(event.pointerId, here);
    if (fingers.size === 2 && pinch) pinched();
    else if (fingers.size === 1 && !pinch) move(here, true);
  });
  /** Two fingers: what lies between them stays between them. */
  const pinched = () => {
    const now = [...fingers.values()], mid = ([p, q]) => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
    const [before, after] = [mid(pinch), mid(now)];
    plot.zoom(near(...pinch) / Math.max(1, near(...now)), before);
    plot.pan(after[0] - before[0], after[1] - before[1]);
    pinch = now;
  };
  for (const kind of ["pointerup", "pointercancel"]) {
    element.addEventListener(kind, (event) => {
      drag = null;
      fingers.delete(event.pointerId);
      if (fingers.size === 0) {
        pinch = null;
        if (store.touched) store.changed("point");
        store.touched = false;
      }
    });
  }
  element.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse" || plot.small()) return;
    stop();
    const left = store.point; // the plot that the pointer came to may have moved it by then
    requestAnimationFrame(() => {
      if (!element.matches(":hover") && store.point === left) store.restore();
    });
  });
  element.addEventListener("click", () => plot.small() && enlarge(plot));
  element.addEventListener("dblclick", () => plot.whole());
  element.addEventListener("wheel", (event) => {
    if (plot.small() || (!event.ctrlKey && document.activeElement !== element)) return; // a page that is scrolled does not zoom
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    plot.zoom(Math.exp(Math.min(60, Math.max(-60, event.deltaY * lines)) / 250), at(event));
  }, { passive: false });
}
