/**
 * Starts the bundled runner with V8's code cache taken after it had run: unlike Node's own compile cache, that one holds the
 * functions a start really calls (10 ms of a start). Without a cache, or with one V8 refuses, it just starts slower.
 */
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const BUNDLE = "/.berth/bundle.js";
const CACHE = "/.berth/bundle.cache";

function readCache() {
  try {
    return readFileSync(CACHE);
  } catch {
    return undefined;
  }
}

const source = `(function (require) {${readFileSync(BUNDLE, "utf8")}\n})`;
const cachedData = readCache();
const script = new Script(
  source,
  cachedData === undefined ? { filename: BUNDLE } : { filename: BUNDLE, cachedData },
);
// Only while the image is built; a project's runner starts with an empty environment.
if (process.env.BERTH_WARM === "1")
  process.on("exit", () => writeFileSync(CACHE, script.createCachedData()));
script.runInThisContext()(require);
