// Puts the page together: reads what it was given, makes store, plots, images and decoders, and mounts all parts.
//
// For tests and for the curious, `window.sbvae` has
//   store     the state (store.js)                   plots     each with model, place(a, b) to CSS pixels in its element, element
//   images    the figures                            runtime   counts, times, worst difference from PyTorch (runtime.js)
//   ready     promise: the page is drawn, and its decoders run or are known not to
//   moved     ms from the point's move to the drawn image, the last 200, for each model
import { mountAnnouncer } from "announce";
import { mountFacts } from "facts";
import { furnish } from "furnish";
import { Images } from "images";
import { listenKeys, listenPageKeys } from "keys";
import { group, mountLayout } from "layout";
import { mountDeck, mountKeys, mountLegend } from "legend";
import { drawMarks } from "marks";
import { readPayload } from "payload";
import { Plot } from "plot";
import { listenPointer } from "pointer";
import { Runtime } from "runtime";
import { Store } from "store";
import { mountTheme } from "theme";

const $ = (id) => document.getElementById(id);
const payload = readPayload(), store = new Store(payload), runtime = new Runtime(payload), images = new Images(store, runtime);

const hasFactors = store.factorPlane() !== null, hasTruth = images.true !== null;
const groups = [
  ...(hasFactors || hasTruth ? [group(null, hasFactors ? "factor space" : "samples", hasFactors)] : []),
  ...store.models.map((model, m) => group(m, model.name, true)),
];
const layout = mountLayout({ main: $("main"), shots: $("shots"), aside: $("aside"), path: $("path"), legend: $("legend") }, groups, images);
store.plots = groups.filter(({ plot }) => plot).map(({ m, plot }) => new Plot(store, m, plot));
const models = groups.filter(({ m }) => m !== null), facts = groups.find(({ m }) => m === null)?.side;

$("title").textContent = payload.title;
mountTheme($("theme"), store);
mountDeck($("deck"), store);
mountLegend($("legend"), store);
mountKeys($("keys"), store);
mountAnnouncer($("live"), store);
if (facts) mountFacts(facts, store);
nameGroups();
furnish({
  choices: $("choices"), path: $("path"), drop: $("drop"), report: $("report"),
  pairs: models.map((each) => each.pair), sliders: models.map((each) => each.side), scores: models.map((each) => each.scores),
}, store, runtime);

for (const plot of store.plots) {
  plot.element.setAttribute("aria-describedby", "keys");
  listenPointer(plot, store, layout);
  listenKeys(plot, store);
}
listenPageKeys(store);

const redraw = () => store.plots.forEach((plot) => plot.redraw()), marks = () => store.plots.forEach(drawMarks);
for (const kind of ["slice", "axes", "theme"]) store.subscribe(kind, redraw);
for (const kind of ["view", "point"]) store.subscribe(kind, marks);
store.subscribe("slice", () => {
  for (const plot of store.plots) plot.view.reset();
  nameGroups();
});

function nameGroups() {
  for (const { m, plot, pair } of groups) {
    if (m === null) {
      const { shape, count, kind } = store.chart;
      pair.textContent = kind === "sheet" ? `grid of ${shape.join(" x ")}` : `${count.toLocaleString("en")} images`;
    }
    plot?.setAttribute("aria-label", `${m === null ? "Factor space" : `Latent plane of ${store.models[m].name}`}; arrow keys move the point`);
  }
}

const moved = store.models.map(() => []);
images.painted = (m, ms) => {
  moved[m].push(ms);
  if (moved[m].length > 200) moved[m].shift();
};

async function begin() {
  const state = $("state");
  if (runtime.needed && !runtime.failed) state.textContent = "starting the decoders ...";
  await document.fonts.load("12px Aileron").catch(() => {});
  redraw();
  store.settle();
  if (!runtime.needed) return;
  await runtime.begun.catch(() => {}); // onfail says it
  if (!runtime.failed) state.textContent = `decoders ready in ${(performance.now() / 1000).toFixed(1)} s`;
  await runtime.started.catch(() => {});
}

runtime.onfail = (error) => {
  const state = $("state");
  state.textContent = `No image is decoded: ${error.message}.`;
  state.classList.add("wrong");
  $("deck").after(state); // it is seen before the empty frames are
  images.show();
};

window.sbvae = { store, plots: store.plots, images, runtime, moved, ready: begin() };
