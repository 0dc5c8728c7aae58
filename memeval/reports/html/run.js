// A run: its questions, alone or beside those of another run.
const PAGE = 100;
const STATES = [["", "all questions"], ["missing", "evidence missing"], ["all", "all evidence found"], ["some", "some found, some missing"], ["none", "no evidence found"], ["failed", "failed"], ["unmarked", "without evidence turns"]];
function stateOf([found, gold]) {
  if (found < 0) return "failed";
  if (!gold) return "unmarked";
  return found === gold ? "all" : found ? "some" : "none";
}
const stateWords = { failed: "\u2717 failed", unmarked: "no evidence turns", all: "\u2713 all found", some: "\u25d0 some missing", none: "\u2717 none found" };
async function runPage(run, options) {
  const detail = await load("run-" + run);
  const info = data.runs[run];
  const asked = data.measures[Number(options.get("measure"))];
  const measured = data.measures.map((measure, place) => [String(place), measure]).filter(([place, measure]) => detail.values[place] && measure.shown);
  const filter = {
    measure: asked && detail.values[options.get("measure")] ? options.get("measure") : "0",
    category: /^@\d+$/.test(options.get("category") || "") ? options.get("category").slice(1) : "",
    state: STATES.some(([key]) => key === options.get("state")) ? options.get("state") : "",
    text: "",
    other: "",
  };
  let other = null;
  const beside = async (key) => {
    const chosen = key === "" ? -1 : indexOf(data.runs, key);
    const loaded = chosen < 0 || chosen === run ? null : await load("run-" + chosen);
    [filter.other, other] = loaded ? [keyOf(data.runs, chosen), { run: chosen, detail: loaded }] : ["", null];
  };
  await beside(options.get("other") || "");
  const list = el("div");
  const shown = el("p", { class: "note", role: "status" });
  const fill = (renew) => {
    const measure = data.measures[Number(filter.measure)];
    const values = detail.values[filter.measure] || [];
    const tokens = data.tokens === null ? null : detail.values[String(data.tokens)];
    const words = filter.text.toLowerCase();
    const theirs = other ? other.detail.values[filter.measure] || [] : [];
    const apart = (a, b) => (a === null || a === undefined || b === null || b === undefined ? null : a - b);
    const rows = questions.map((question, index) => ({ question, index, found: detail.found[index], state: stateOf(detail.found[index]), value: values[index], difference: apart(values[index], theirs[index]) }))
      .filter((row) => (!filter.category || row.question.category === data.categories[Number(filter.category)]) &&
        (!filter.state || row.state === filter.state || (filter.state === "missing" && (row.state === "some" || row.state === "none"))) &&
        (!words || row.question.text.toLowerCase().includes(words) || row.question.id.toLowerCase().includes(words)));
    const present = rows.filter((row) => row.value !== null && row.value !== undefined);
    const mean = present.length ? present.reduce((sum, row) => sum + row.value, 0) / present.length : null;
    shown.textContent = `${several(rows.length, "question", "questions")} shown` + (mean === null ? "." : `, mean ${measure.label.replace(/ p\d+$/, "")} ${withUnit(measure, mean)} over ${count(present.length)} of them.`);
    if (other) {
      const sign = measure.better === "lower" ? -1 : 1;
      const many = (test) => count(rows.filter((row) => row.difference !== null && test(sign * row.difference)).length);
      shown.textContent += ` Better here: ${many((d) => d > 0)}, better in ${visible(runLabel(data.runs[other.run]))}: ${many((d) => d < 0)}, equal: ${many((d) => d === 0)}.`;
    }
    const columns = [
      { label: "question", first: true, value: (row) => row.index, cell: (row) => el("a", { href: questionAddress(row.index, run, ...(other ? [other.run] : [])) }, foreign(row.question.id || "(no id)")) },
      { label: "category", value: (row) => row.question.category, cell: (row) => foreign(row.question.category) },
      { label: "text", wide: true, value: (row) => row.question.text, cell: (row) => foreign(brief(row.question.text, 200)) },
      { label: "evidence", value: (row) => (row.state === "unmarked" ? null : row.found[0] / row.found[1]), number: true,
        cell: (row) => stateWords[row.state] + (row.found[0] >= 0 && row.found[1] ? ` (${row.found[0]} of ${row.found[1]})` : "") },
      { label: measure.label + (measure.unit ? ", " + measure.unit : ""), number: true, value: (row) => row.value, cell: (row) => figure(measure, row.value) },
      ...(other ? [
        { label: "the other", title: visible(runLabel(data.runs[other.run])), number: true, value: (row) => theirs[row.index], cell: (row) => figure(measure, theirs[row.index]) },
        { label: "difference", number: true, value: (row) => row.difference, cell: (row) => (row.difference > 0 ? "+" : "") + figure(measure, row.difference).replace("-", "\u2212") },
      ] : []),
      ...(tokens && Number(filter.measure) !== data.tokens ? [{ label: "context tokens", number: true, value: (row) => tokens[row.index], cell: (row) => figure(data.measures[data.tokens], tokens[row.index]) }] : []),
    ];
    if (renew) sort = { column: other ? 6 : 4, down: measure.better === "lower" };
    list.replaceChildren(...table("Questions of this run", columns, rows, sort, PAGE).filter(Boolean));
  };
  let sort;
  const keep = () => history.replaceState(null, "", runAddress(run, { measure: filter.measure, category: filter.category === "" ? "" : "@" + filter.category, state: filter.state, other: filter.other }));
  const change = (key) => (value) => {
    filter[key] = value;
    fill(key === "measure");
    keep();
  };
  const compare = async (key) => {
    try {
      await beside(key);
    } catch (error) {
      shown.textContent = visible(error.message);
      return;
    }
    fill(true);
    keep();
  };
  fill(true);
  return {
    title: runLabel(info), path: [[visible(runLabel(info)), null]],
    page: [
      el("h1", {}, visible(runLabel(info))),
      el("p", {}, "Run ", el("code", {}, visible(info.id)), `, budget ${count(info.budget)} tokens, code ${visible(info.code)}`, info.failed ? `, ${several(info.failed, "question", "questions")} failed` : "", "."),
      el("dl", { class: "facts" }, data.measures.map((measure, place) => (info.scores[place] && measure.shown ? el("div", { title: measure.summary }, el("dt", {}, measure.label), el("dd", {}, withUnit(measure, info.scores[place].v))) : null))),
      el("h2", {}, "Questions"),
      el("div", { class: "controls" },
        choice("Evidence", STATES, filter.state, change("state")),
        choice("Category", [["", "all"], ...data.categories.map((name, index) => [String(index), `${name} (${count(data.counts[index])})`])], filter.category, change("category")),
        choice("Measure", measured.map(([place, measure]) => [place, measure.label]), filter.measure, change("measure")),
        choice("Beside", [["", "no other run"], ...data.runs.map((each, index) => [keyOf(data.runs, index), runLabel(each)]).filter((_, index) => index !== run)], filter.other, compare),
        field("Text or id contains", "search", "", change("text"))),
      shown, list,
    ],
  };
}
