// A strip of images with its labels, drawn as one PNG.
import { stretches } from "curve";

const MARGIN = 24, GAP = 4, LINE = 22;

/** Whole pixels for each pixel of an image, so that rows are about `wanted` high and nothing is smoothed. */
export function magnified(shape, wanted = 96) {
  return Math.max(1, Math.round(wanted / Math.max(shape.width, shape.height)));
}

const font = (size) => `${size}px ${getComputedStyle(document.body).fontFamily}`;

function pen(canvas) {
  const context = canvas.getContext("2d");
  context.textBaseline = "middle";
  return context;
}

/** Along the top of the strip: a line, black where it is held out, broken where it is off the sheet. */
export function drawTrack(context, marks, centre, y, colours) {
  for (const [first, last, kind] of stretches(marks)) {
    const reach = (centre(1) - centre(0)) / 2 || 8;
    context.strokeStyle = kind === "held out" ? colours.ink : kind === "off" ? colours.quiet : colours.faint;
    context.lineWidth = kind === "held out" ? 4 : 1.5;
    context.setLineDash(kind === "off" ? [4, 4] : []);
    context.beginPath();
    context.moveTo(centre(first) - reach, y);
    context.lineTo(centre(last) + reach, y);
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * The whole picture as a PNG (a promise of a Blob).
 *
 * rows: [{ name, images: [ImageData or null] }], one image for each of `marks`, null where there is none;
 * marks: "", "held out" or "off" for each column; title and notes: text above and below; colours: ink, quiet, faint, page.
 */
export async function stripPng({ rows, marks, title, notes, shape, colours }) {
  const size = magnified(shape), width = shape.width * size, height = shape.height * size;
  const measure = pen(new OffscreenCanvas(1, 1));
  measure.font = font(17);
  const names = Math.ceil(Math.max(...rows.map((row) => measure.measureText(row.name).width))) + 16;
  const left = MARGIN + names, top = MARGIN + LINE + 26;
  const across = Math.max(left + marks.length * (width + GAP) - GAP, MARGIN + measure.measureText(title).width * 1.2);
  const canvas = new OffscreenCanvas(across + MARGIN, top + rows.length * (height + GAP) + notes.length * LINE + MARGIN);
  const context = pen(canvas);
  context.fillStyle = colours.page;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colours.ink;
  context.font = font(20);
  context.fillText(title, MARGIN, MARGIN + LINE / 2);
  const centre = (n) => left + n * (width + GAP) + width / 2;
  drawTrack(context, marks, centre, top - 12, colours);
  context.font = font(17);
  context.imageSmoothingEnabled = false;
  for (const [r, row] of rows.entries()) {
    const y = top + r * (height + GAP);
    context.fillStyle = colours.ink;
    context.fillText(row.name, MARGIN, y + height / 2);
    for (const [n, image] of row.images.entries()) {
      const x = left + n * (width + GAP);
      if (image) context.drawImage(await createImageBitmap(image), x, y, width, height);
      else emptyFrame(context, x, y, width, height, colours);
    }
  }
  context.fillStyle = colours.quiet;
  context.font = font(15);
  notes.forEach((note, n) => context.fillText(note, MARGIN, canvas.height - MARGIN - (notes.length - n - 0.5) * LINE + 8));
  return canvas.convertToBlob({ type: "image/png" });
}

function emptyFrame(context, x, y, width, height, colours) {
  context.strokeStyle = colours.faint;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  context.setLineDash([]);
}
