// The page's further parts, and where they are mounted. Each stands in a file of its own and uses the store only.
//
// places: { choices, path, drop, report } elements of the page, { pairs[m], sliders[m], scores[m] } one for each model.
import { make } from "parts";

export function furnish(places, store, runtime) {
  store.models.forEach((model, m) => {
    const show = () => places.pairs[m].replaceChildren(make("span", { textContent: `latents ${store.axes[m].filter((k) => k !== null).join(" and ")}` }));
    store.subscribe("axes", show);
    show();
  });
}
