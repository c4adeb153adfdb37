// Where the parts of the page stand: three to a row with their images below, one model with its images beside it, or
// on a phone the images on top and one large plot. Moves elements, changes nothing in them.
import { make, PHONE } from "parts";

const MANY = 3; // models whose plots stand smaller, so that they are seen together
const CROWD = 4; // models that take two rows, with room left in the second one

/** A group for factor space (m null; without factors it has no plot) or a model: its plot, image, side, scores. */
export function group(m, title, hasPlot) {
  const heading = make("h2"), name = make("button", { type: "button", textContent: title }), pair = make("div", { className: "pair" });
  const plot = hasPlot ? make("div", { className: "plot", tabIndex: 0, role: "application" }) : null;
  const panel = make("section", { className: "panel" }, make("header", {}, heading, pair), plot);
  const shot = make("div", { className: "shot-place" }), side = make("div", { className: "side" }), scores = make("div", { className: "score-place" }, make("h3", { textContent: title }));
  const below = make("div", { className: "below" }, shot, side);
  const node = make("div", { className: m === null ? "group factors" : "group" }, panel, below, scores);
  panel.setAttribute("aria-label", title);
  return { m, node, panel, plot, heading, name, pair, shot, side, scores, below };
}

export function mountLayout({ main, shots, aside, path, legend }, groups, images) {
  const phone = matchMedia(PHONE), models = groups.filter(({ m }) => m !== null), figure = ({ m }) => (m === null ? images.true : images.models[m]);
  const scores = make("div", { className: "all-scores" }), space = groups.find(({ m, plot }) => m === null && plot), underPage = legend.nextElementSibling;
  path.before(...groups.map(({ node }) => node));
  main.append(scores);
  main.style.setProperty("--figures", groups.filter(figure).length);
  document.documentElement.classList.toggle("no-images", !groups.some(figure));
  let large = groups.filter(({ plot }) => plot).at(-1);
  const enlarge = (one) => {
    large = one;
    for (const each of groups) {
      each.panel.classList.toggle("small", phone.matches && each !== large);
      each.panel.classList.toggle("large", phone.matches && each === large);
      const choice = phone.matches && each !== large && each.plot; // elsewhere the heading is no button
      each.heading.replaceChildren(choice ? each.name : each.name.textContent);
      if (each.plot) each.plot.tabIndex = each.panel.classList.contains("small") ? -1 : 0;
    }
  };
  const arrange = () => {
    const mode = phone.matches ? "phone" : models.length === 1 ? "aside" : "row";
    main.className = `${mode} ${space ? "" : "no-factors"} ${mode === "row" && models.length >= MANY ? "many" : ""}`;
    const crowd = mode === "row" && models.length >= CROWD;
    main.classList.toggle("crowd", crowd);
    for (const each of groups) {
      const shown = figure(each);
      if (shown) (mode === "row" ? (each.plot ? each.shot : each.panel) : shots).append(shown.node);
      each.below.classList.toggle("no-shot", mode !== "row" || !shown || !each.plot);
      if (mode === "aside") {
        (each.m === null && each.plot ? each.below : aside).append(each.side);
      } else if (crowd && each.m === null) scores.before(each.side);
      else each.below.append(each.side);
      (mode === "row" ? scores : each.node).append(each.scores); // of a row they stand below the strip of a path
    }
    scores.hidden = mode !== "row";
    if (space && mode === "row") space.scores.append(legend);
    else underPage.before(legend);
    if (mode === "aside") aside.prepend(shots);
    else main.prepend(shots);
    enlarge(large);
  };
  for (const each of groups) each.name.onclick = () => enlarge(each);
  phone.addEventListener("change", arrange);
  arrange();
  return { enlarge: (plot) => enlarge(groups.find((each) => each.plot === plot.element)) };
}
