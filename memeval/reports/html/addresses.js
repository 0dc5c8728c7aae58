// Addresses of pages, and what a run is called.
let data;
let questions;
const plain = /^[\w+.~:-]{1,120}$/;
const keyOf = (list, index) => (plain.test(list[index].id) ? list[index].id : "@" + index);
function indexOf(list, key) {
  if (/^@\d+$/.test(key)) return Number(key.slice(1)) < list.length ? Number(key.slice(1)) : -1;
  return list.findIndex((each) => each.id === key);
}
const runKey = (run) => keyOf(data.runs, run);
function address(path, options) {
  const query = new URLSearchParams(Object.entries(options || {}).filter(([, value]) => value !== "" && value !== undefined));
  return "#/" + path.join("/") + (query.size ? "?" + query : "");
}
const runAddress = (run, options) => address(["run", runKey(run)], options);
const questionAddress = (question, ...runs) => address(["question", keyOf(questions, question), ...runs.map(runKey)]);
function runLabel(run) {
  const told = [...(sameBudget() ? [] : [count(run.budget) + " tokens"]), ...run.axes.filter(Boolean)];
  return run.name + (told.length ? " \u00b7 " + told.join(" \u00b7 ") : "");
}
const sameBudget = () => new Set(data.runs.filter((run) => !run.reference).map((run) => run.budget)).size <= 1;
