// What all canvases of the page are drawn with: discs, rings, diamonds, lines. A halo in the page's colour keeps a shape
// apart from what lies under it. Pure drawing: knows no plot and no store.

function circle(context, [x, y], radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function fill(context, colour, halo) {
  if (halo) {
    context.strokeStyle = halo;
    context.lineWidth = 3;
    context.stroke();
  }
  context.fillStyle = colour;
  context.fill();
}

export function disc(context, at, radius, colour, halo = null) {
  circle(context, at, radius);
  fill(context, colour, halo);
}

export function ring(context, at, radius, colour, width, inside = null) {
  circle(context, at, radius);
  if (inside) fill(context, inside);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

export function diamond(context, [x, y], radius, colour, halo = null) {
  context.beginPath();
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  context.closePath();
  fill(context, colour, halo);
}

/** Lines, each of points, null where it breaks; every halo lies under every line, and as opaque as is said. */
export function trace(context, lines, colour, halo, { width = 2.5, veil = 1 } = {}) {
  context.lineJoin = context.lineCap = "round";
  for (const [stroke, wide, opacity] of [[halo, width + 3, veil], [colour, width, 1]]) {
    Object.assign(context, { strokeStyle: stroke, lineWidth: wide, globalAlpha: opacity });
    for (const line of lines) {
      let drawing = false;
      context.beginPath();
      for (const at of line) {
        if (at) drawing ? context.lineTo(...at) : context.moveTo(...at);
        drawing = at !== null;
      }
      context.stroke();
    }
  }
}
