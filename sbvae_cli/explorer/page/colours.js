// A colour for each point of the chart, as in the tool's pictures: bilinear between four corners in Oklab (Ottosson
// 2020), so that equal steps look equal. A circular factor goes round a circle of hues, which has no seam. Pure functions.

const CORNERS = [[58, 38, 140], [226, 62, 98], [14, 164, 166], [248, 184, 20]]; // (0, 0), (1, 0), (0, 1), (1, 1)

const ROUND = { lightness: [0.5, 0.82], chroma: 0.085, wave: [0.66, 0.12, 0.065, 0.02] }; // of Oklab: all hues are within sRGB, and seen on any page

const LIFT = 0.34; // lightness that a dark page adds to black, so that the darkest corner stands out from it

function toLab(rgb) {
  const [r, g, b] = rgb.map((c) => (c <= 10.31475 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((c) => {
    const x = Math.min(1, Math.max(0, c));
    return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
  });
}

const LAB = CORNERS.map(toLab);

/** Colour [r, g, b] of (a, b) in the unit square, or on what its sides join to where an axis goes round; lighter for a dark page. */
export function squareColour(a, b, dark, round = [false, false]) {
  if (round[0] || round[1]) return fromLab(roundLab(a, b, round));
  const lab = squareLab(...[a, b].map((v) => Math.min(1, Math.max(0, v))));
  if (dark) lab[0] = LIFT + (1 - LIFT) * lab[0];
  return fromLab(lab);
}

const squareLab = (x, y) => [0, 1, 2].map((k) => (1 - y) * ((1 - x) * LAB[0][k] + x * LAB[1][k]) + y * ((1 - x) * LAB[2][k] + x * LAB[3][k]));

/** The turn of a circular axis is the hue. The other axis is lightness, or if it goes round too, a circle of lightness and chroma. */
function roundLab(a, b, round) {
  const [turn, other] = round[0] ? [a, b] : [b, a], hue = 2 * Math.PI * turn;
  const [low, high] = ROUND.lightness, [middle, swing, mean, more] = ROUND.wave, phase = 2 * Math.PI * other;
  const [light, chroma] = round[0] && round[1] ? [middle + swing * Math.cos(phase), mean + more * Math.sin(phase)]
    : [low + (high - low) * Math.min(1, Math.max(0, other)), ROUND.chroma];
  return [light, chroma * Math.cos(hue), chroma * Math.sin(hue)];
}

/** As CSS, with an opacity. */
export const css = ([r, g, b], alpha = 1) => (alpha === 1 ? `rgb(${r} ${g} ${b})` : `rgb(${r} ${g} ${b} / ${alpha})`);

const made = new WeakMap(); // chart to { dark, colour }

/**
 * Colours of a store's chart: a function of a place [u, v]. A grid takes them from its two factors; samples from
 * their first two factors, or, without any, from where they lie in the first model's plot when the page starts.
 */
export function chartColours(store) {
  const { chart } = store, dark = store.theme === "dark", known = made.get(chart);
  if (known?.dark === dark) return known.colour;
  const unit = known?.unit ?? unitSquare(store), colour = (f) => squareColour(...unit(f), dark, chart.circular);
  made.set(chart, { dark, unit, colour });
  return colour;
}

function unitSquare(store) {
  const { chart } = store;
  if (chart.kind === "sheet") {
    const [n, m] = chart.shape.map((size, axis) => (chart.circular[axis] ? size : Math.max(1, size - 1)));
    return ([u, v]) => [u / n, v / m];
  }
  const { x, y } = store.factorPlane() ?? store.plane(0), xs = share(x), ys = share(y);
  return ([n]) => [xs[n], ys[n]];
}

/** Ranks between 0 and 1, so that a few far points do not take all colours from the others. */
function share(values) {
  const order = Array.from(values, (_, n) => n).sort((a, b) => values[a] - values[b]), out = new Float32Array(values.length);
  order.forEach((n, rank) => (out[n] = rank / Math.max(1, values.length - 1)));
  return out;
}
