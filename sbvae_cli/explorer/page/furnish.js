// The page's further parts, and where they are mounted. Each stands in a file of its own and uses the store only.
//
// places: { choices, path, drop, report } elements of the page, { pairs[m], sliders[m], scores[m] } one for each model.
import * as choices from "choices";
import * as drop from "drop";
import * as lend from "lend";
import { make } from "parts";
import * as report from "report";
import * as sliders from "sliders";
import * as strip from "strip";

export function furnish(places, store, runtime) {
  const { payload } = store;
  store.models.forEach((_, m) => {
    places.pairs[m].append(choices.latentChoice(store, payload, m));
    sliders.mount(places.sliders[m], store, payload, runtime, m);
    report.mountScores(places.scores[m], store, payload, runtime, m);
  });
  const tools = make("div", { className: "tools" });
  choices.mount(places.choices, store, payload);
  strip.mount(places.path, tools, store, payload, runtime);
  drop.mount(places.drop, tools, store, payload, runtime);
  places.choices.append(tools);
  places.choices.hidden = payload.slices.length < 2 && !tools.hasChildNodes();
  report.mount(places.report, store, payload, runtime);
  lend.mount(store, payload, runtime);
}
