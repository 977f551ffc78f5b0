/** The JSON Schemas that editors read are the ones the code would generate now. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { jsonSchemas } from "../../src/schema/json-schema.ts";

test("config/schema is current: else run scripts/schema", () => {
  const written = globSync("config/schema/*.json").map((file) => [
    file.replace("config/schema/", ""),
    readFileSync(file, "utf8"),
  ]);
  expect(Object.fromEntries(written)).toEqual(jsonSchemas());
});
