// Words for those who hear the page: once the point rests, what lies there. One live region.
import { where } from "facts";
import { steady } from "parts";

const REST = 500; // ms

export function mountAnnouncer(element, store) {
  let timer, said = "";
  store.subscribe("point", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const text = sentence(store);
      if (text !== said) element.textContent = said = text;
    }, REST);
  });
}

export function sentence(store) {
  const { point } = store, parts = store.factorsAt(point.f).filter(([, value]) => value !== null).map(([name, value, unit]) => `${name} ${steady(value)} ${unit}`.trim());
  parts.push(where(store));
  store.models.forEach((model, m) => {
    const n = store.layers(m).length;
    if (n > 1) parts.push(`${model.name}: ${n} layers of the sheet`);
    if (!point.f && !store.away(m)) parts.push(`${model.name}: ${store.axes[m].filter((k) => k !== null).map((k) => `latent ${k} at ${steady(store.z(m)[k])}`).join(", ")}`);
  });
  return parts.filter(Boolean).join("; ");
}
