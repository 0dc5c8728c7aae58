// Elements and numbers. Texts of dialogues are untrusted: they only ever become text nodes.
const SVG = "http://www.w3.org/2000/svg";
const DASH = "\u2013";
const LONG = 2000;

function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}
function set(node, options) {
  for (const [key, value] of Object.entries(options || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected") node[key] = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  return node;
}
const el = (tag, options, ...children) => set(add(document.createElement(tag), children), options);
const draw = (tag, options, ...children) => set(add(document.createElementNS(SVG, tag), children), options);
// Text of others: its direction stays inside, control characters are shown.
const visible = (text) =>
  String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)));
const foreign = (text) => el("bdi", { dir: "auto" }, visible(text));
const brief = (text, most) => (text.length > most ? text.slice(0, most) + "\u2026" : text);
function long(text) {
  if (text.length <= LONG) return foreign(text);
  const shown = foreign(brief(text, LONG));
  const more = el("button", {
    type: "button",
    onclick: () => {
      shown.textContent = visible(text);
      more.remove();
    },
  }, `Show all ${count(text.length)} characters`);
  return [shown, " ", more];
}
const count = (n) => n.toLocaleString("en-US");
function choice(label, options, value, change) {
  const select = el("select", { onchange: () => change(select.value) },
    options.map(([key, text]) => el("option", { value: key }, visible(text))));
  select.value = value;
  return el("label", {}, el("span", {}, label), select);
}
function field(label, type, value, change, extra) {
  const input = el("input", { type, value, ...extra, oninput: () => change(input.value) });
  return el("label", {}, el("span", {}, label), input);
}
function say(text) {
  document.getElementById("status").textContent = text;
}
const several = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

function figure(measure, value) {
  if (value === null || value === undefined) return DASH;
  if (measure.quantity === "share") return (value * 100).toFixed(1);
  if (measure.quantity === "seconds") {
    return (measure.unit === "ms" ? value * 1000 : value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
  if (measure.quantity === "dollars") return (value * 1000).toLocaleString("en-US", { maximumSignificantDigits: 3 });
  if (measure.quantity === "ratio") return value.toFixed(2);
  return count(Math.round(value));
}
const withUnit = (measure, value) =>
  value === null || value === undefined ? DASH : figure(measure, value) + (measure.unit ? " " + measure.unit : "");
const ms = (seconds) => (seconds === null ? DASH : (seconds * 1000).toFixed(2) + " ms");
