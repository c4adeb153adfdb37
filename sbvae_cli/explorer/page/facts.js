// What is known of the point, in words: the values of its factors, where training had it, layers of the sheets.
import { link, listed, make, steady } from "parts";

export function mountFacts(element, store) {
  const list = make("dl", { className: "facts" }), region = make("dd", { className: "whole" });
  element.classList.add("facts-side");
  element.append(list);
  let rows = [];
  const layers = store.models.map(() => make("dd"));
  const next = link("show the next layer", () => store.nextLayer(), { title: "Another place of the sheet that lies at the same point (L)" });
  const build = () => {
    rows = store.factorsAt(null).map(([name]) => [make("dt", { textContent: name }), make("dd")]);
    const about = rows.flat();
    if (store.chart.kind === "sheet") {
      const title = "More than one: the sheet is folded in this plane, and one point belongs to several images";
      about.push(region, make("div", { className: "rule" }), make("dt", { className: "whole", textContent: "layers of the sheet here", title }),
        ...layers.flatMap((dd, m) => [make("dt", { textContent: store.models[m].name }), dd]), make("dd", { className: "whole" }, next));
    } else about.push(region);
    list.replaceChildren(...about);
    show();
  };
  const show = () => {
    const { f } = store.point;
    store.factorsAt(f).forEach(([, value, unit], n) => {
      rows[n][1].textContent = value === null ? "-" : `${steady(value, 3)} ${unit}`.trim();
    });
    region.textContent = where(store);
    next.hidden = !store.models.some((_, m) => store.layers(m).length > 1);
    layers.forEach((dd, m) => (dd.textContent = layerText(store, m)));
  };
  store.subscribe("slice", build);
  store.subscribe("point", show);
  build();
}

export function where(store) {
  const { chart, point: { f } } = store;
  if (chart.kind === "scatter") return f ? `sample ${f[0] + 1} of ${chart.count}` : "between the samples";
  if (!f) return "off the sheet: no image lies here";
  if (chart.isHeldOut(chart.rowAt(f))) return "held out of training";
  return chart.held?.includes(1) ? "within the training region" : "";
}

function layerText(store, m) {
  const n = store.layers(m).length;
  if (store.away(m) || store.isLent(m)) return "-";
  if (store.collapsed(m) !== null) return "none: collapsed";
  const pair = store.axes[m], chosen = String(pair) === String(store.models[m].axes[store.slice]) ? "" : ` in latents ${listed(pair)}`;
  return (n > 1 ? `${n}, folded here` : store.point.f ? "1" : "0") + chosen;
}
