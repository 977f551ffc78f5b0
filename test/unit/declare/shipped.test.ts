/** The declaration in config/, which `scripts/up` applies, is a good one. */
import { expect, test, vi } from "vitest";
import { loadBundle } from "../../../src/declare/load.ts";
import { parseBundle } from "../../../src/declare/parse.ts";

vi.setConfig({ testTimeout: 20_000 });

test("config/berth.yaml and everything it includes is accepted", async () => {
  const cwd = new URL("../../../", import.meta.url).pathname;
  const { bundle, problems } = await loadBundle("config/berth.yaml", {
    env: {},
    environmentName: null,
    cwd,
    stdin: null,
  });
  const parsed = parseBundle(bundle, { environment: {}, found: problems });
  expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  expect(parsed.ok ? Object.keys(parsed.declaration.projects).length : 0).toBeGreaterThanOrEqual(4);
});
