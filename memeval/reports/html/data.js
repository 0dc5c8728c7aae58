// Data files: a script calls memevalData with a name and JSON.
const KEPT = 40;

const arrived = new Map();
const asked = new Map();
window.memevalData = (name, text) => arrived.set(name, JSON.parse(text));
const checked = (url) => {
  if (!/^data\/[a-z0-9-]+\.js$/.test(url)) throw new TypeError("not a data file: " + url);
  return url;
};
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("memeval", { createScriptURL: checked })
  : { createScriptURL: checked };

function load(name) {
  if (asked.has(name)) {
    const known = asked.get(name);
    asked.delete(name);
    asked.set(name, known);
    return known;
  }
  const promise = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = () => {
      const value = arrived.get(name);
      arrived.delete(name);
      script.remove();
      if (value === undefined) reject(new Error("data/" + name + ".js brings no data: write the report again"));
      else resolve(value);
    };
    script.onerror = () => {
      script.remove();
      reject(new Error("data/" + name + ".js cannot be read: keep the folder together, or write the report again"));
    };
    script.src = policy.createScriptURL("data/" + name + ".js");
    document.head.append(script);
  });
  promise.catch(() => asked.delete(name));
  asked.set(name, promise);
  for (const old of asked.keys()) {
    if (asked.size <= KEPT) break;
    if (old !== "summary" && old !== "questions") asked.delete(old);
  }
  return promise;
}
