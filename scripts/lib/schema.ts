/** Writes config/schema/*.json; `--check` only compares. Run by scripts/schema, which brings Node. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { jsonSchemas } from "../../src/schema/json-schema.ts";

const folder = new URL("../../config/schema/", import.meta.url);
const onlyCheck = process.argv.includes("--check");
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(jsonSchemas())) {
  const file = new URL(name, folder);
  if (!onlyCheck) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`config/schema/${name} is not current: run scripts/schema`);
    process.exitCode = 1;
  }
}
