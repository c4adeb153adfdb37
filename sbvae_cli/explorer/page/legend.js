// What the marks mean, and how the page is used: only what this page has.
import { listed, make } from "parts";

const svg = (inner) => {
  const span = make("span", { className: "sign", ariaHidden: "true" });
  span.innerHTML = `<svg viewBox="0 0 22 12" width="22" height="12">${inner}</svg>`;
  return span;
};

const SIGNS = {
  held: '<circle cx="11" cy="6" r="4" fill="var(--held)"/>',
  prior: '<path d="M0 6h22" stroke="var(--quiet)" stroke-dasharray="4 3"/>',
  cross: '<path d="M0 6h22M11 -1v14" stroke="var(--accent)" stroke-width="1.5"/>',
  layer: '<circle cx="11" cy="6" r="4" fill="none" stroke="var(--ink)" stroke-width="1.4"/>',
  band: '<rect y="2" width="22" height="8" fill="var(--band)"/><path d="M0 6h22" stroke="var(--faint)" stroke-width="2"/>',
  unused: '<path d="M0 6h22" stroke="var(--faint)" stroke-width="2"/><circle cx="11" cy="6" r="4.5" fill="var(--unused)"/>',
};

export function mountLegend(element, store) {
  const fill = () => {
    const { payload, chart, models } = store, sheet = chart.kind === "sheet", stds = models.some((model) => model.stds);
    const names = sheet ? payload.slices[store.slice].names : [];
    const entries = [
      sheet && chart.held?.includes(1) && ["held", "held out of training"],
      sheet && ["cross", `same ${names.join(", same ")}`],
      sheet && ["layer", `other layers of the ${store.models.length > 1 ? "folded " : ""}sheet`],
      stds && ["prior", "1 and 2 std of the prior"],
      ["band", sheet ? "codes of the whole grid" : "codes of all samples"],
      stds && ["unused", `unused, std above ${payload.unused_from}`],
    ];
    element.replaceChildren(...entries.filter(Boolean).map(([sign, text]) => make("li", {}, svg(SIGNS[sign]), text)));
  };
  store.subscribe("slice", fill);
  fill();
}

export function mountDeck(element, store) {
  const { payload, chart } = store, decodes = payload.image && store.models.some((model) => model.decoder), several = store.models.length > 1;
  const does = decodes ? `the ${several ? "decoders draw" : "decoder draws"} the image there.` : "the image there is shown.";
  const encodes = store.models.some((model) => model.encoder), puts = encodes ? "an encoder puts it at its posterior mean" : "its code says where it lies";
  const what = chart.kind === "sheet"
    ? `Each point of the grid is an image; ${puts}. The colours say where in the space of ${listed(payload.slices[0].names)} it comes from.`
    : `Each point is an image; ${puts}.`;
  element.append(make("b", {}, make("span", { className: "mouse", textContent: "Move over a plot" }), make("span", { className: "finger", textContent: "Drag on the plot" }), `: ${payload.image ? does : "the same place is marked in every other."}`),
    " ", make("span", { className: "more", textContent: what }));
  for (const note of payload.notes ?? []) element.append(" ", make("b", { textContent: `${note}.` }));
}

export function mountKeys(element, store) {
  const key = (text) => make("kbd", { textContent: text });
  element.append(key("click"), " keeps a point, ", key("arrows"), " step in the plot that has the focus, ", key("Shift"), " for large steps, ",
    key("+"), " ", key("-"), " or the wheel zoom, ", key("0"), " shows all, ", ...(store.chart.kind === "sheet" ? [key("L"), " next layer, "] : []), key("Esc"), " start again");
}
