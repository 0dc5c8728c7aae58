// Which page an address means, and how it is shown.
async function pageOf(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?", 2);
  const [kind, ...keys] = path.split("/").map((key) => { try { return decodeURIComponent(key); } catch { return key; } });
  if (!kind) return overview();
  if (!questions) {
    const loaded = await load("questions");
    questions = loaded.questions;
    turnPlaces = loaded.turns;
    firsts = [];
    questions.forEach((question, index) => { if (firsts[question.dialogue] === undefined) firsts[question.dialogue] = index; });
  }
  const runs = (kind === "run" ? keys.slice(0, 1) : keys.slice(1, 3)).map((key) => indexOf(data.runs, key));
  if (kind === "run" && runs[0] >= 0) return runPage(runs[0], new URLSearchParams(query));
  const question = indexOf(questions, keys[0] || "");
  if (kind === "question" && question >= 0 && runs.length && runs.every((run) => run >= 0)) return questionPage(question, runs);
  return { title: "Not in this report", path: [], page: [el("h1", {}, "Not in this report"), el("p", {}, "The address names a run or a question that this report does not have. ", el("a", { href: "#/" }, "All runs"))] };
}
let turn = 0;
const places = new Map();
async function show(event) {
  const mine = ++turn;
  const main = document.getElementById("main");
  if (event) places.set(new URL(event.oldURL).hash || "#/", window.scrollY);
  main.setAttribute("aria-busy", "true");
  let found;
  try {
    if (!data) data = await load("summary");
    found = await pageOf(location.hash);
  } catch (error) {
    found = { title: "Error", path: [], page: [el("h1", {}, "This page cannot be shown"), el("p", { role: "alert" }, visible(error.message)), el("p", {}, el("a", { href: "#/" }, "All runs"))] };
  }
  if (mine !== turn) return;
  document.title = visible(found.title) + " - memeval";
  const crumbs = [["All runs", "#/"], ...found.path];
  document.getElementById("path").replaceChildren(el("ol", {}, crumbs.map(([text, href], index) => el("li", {}, href && index < crumbs.length - 1 ? el("a", { href }, foreign(text)) : el("span", { "aria-current": "page" }, foreign(text))))));
  main.replaceChildren();
  add(main, found.page);
  main.removeAttribute("aria-busy");
  if (found.after) found.after();
  redraw = found.after && crumbs.length === 1 ? found.after : null;
  if (event) {
    main.focus({ preventScroll: true });
    // Lists are come back to; a question is read from its beginning.
    window.scrollTo(0, location.hash.startsWith("#/question/") ? 0 : places.get(location.hash || "#/") || 0);
    say(document.title);
  }
  main.dataset.ready = location.hash || "#/";
}
let redraw = null;
let width = 0;
window.addEventListener("resize", () => {
  const box = document.querySelector(".plot");
  if (redraw && box && box.clientWidth !== width) {
    width = box.clientWidth;
    drawPlot(box, chosen());
  }
});
window.addEventListener("hashchange", show);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
show();
