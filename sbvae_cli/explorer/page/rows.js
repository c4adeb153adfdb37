// The rows of a strip on the page: one image a cell, each a button; above them a line that says where the path runs.
import { make } from "parts";
import { drawTrack } from "picture";
import { palette } from "theme";

/**
 * Fill `home` with rows [{ name, images }], `images` ImageData or null for each column; `marks` as in a walk.
 * `onchoose(n)` is told of the column that is chosen. Each row gets its `cells`, for `paintCell`.
 */
export function layRows(home, rows, marks, shape, onchoose) {
  const line = make("canvas", { className: "strip-marks", ariaHidden: "true" });
  const laid = rows.flatMap((row) => {
    row.cells = marks.map((mark, n) => cell(row, mark, n, marks.length, shape, onchoose));
    marks.forEach((_, n) => row.images[n] && paintCell(row, n));
    return [make("span", { className: "strip-name", textContent: row.name }), make("div", { className: "cells" }, ...row.cells.map((each) => each.button))];
  });
  home.style.setProperty("--count", marks.length);
  home.replaceChildren(make("span", { className: "strip-name" }), line, ...laid);
  drawLine(line, marks); // for paper, before which no frame comes
  requestAnimationFrame(() => drawLine(line, marks));
}

function cell(row, mark, n, count, shape, onchoose) {
  const canvas = make("canvas", { width: shape.width, height: shape.height });
  const place = `step ${n + 1} of ${count}${mark === "off" ? ", off the sheet" : mark && `, ${mark}`}`;
  const button = make("button", { type: "button", className: "cell", title: place, onclick: () => onchoose(n) }, canvas);
  button.setAttribute("aria-label", `${row.name}, ${place}`);
  return { button, canvas };
}

/** Show the image of column n of a row. */
export function paintCell(row, n) {
  const { button, canvas } = row.cells[n];
  canvas.getContext("2d").putImageData(row.images[n], 0, 0);
  button.classList.add("full");
}

function drawLine(canvas, marks) {
  const ratio = Math.min(devicePixelRatio || 1, 2), width = canvas.clientWidth, height = canvas.clientHeight;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  drawTrack(context, marks, (n) => (width * (n + 0.5)) / marks.length, height / 2, palette());
}
