/** A refused reread of the configuration file: told as an event and held as a mode until the file is accepted. */
import { expect, test } from "vitest";
import { BerthError } from "../../../../src/base/errors.ts";
import type { Problem } from "../../../../src/declare/problem.ts";
import type { ApplyOptions } from "../../../../src/loop/daemon.ts";
import { createModes } from "../../../../src/loop/modes.ts";
import { serveReread } from "../../../../src/loop/serve/reread.ts";
import type { ApplyView } from "../../../../src/model/view.ts";
import type { NewEvent } from "../../../../src/postgres/door.ts";

const FILES = { base: "/etc/berth", overlays: [], files: { "berth.yaml": "host: {}\n" } };
const BUNDLE = { ...FILES, entry: "berth.yaml" };
const OTHER = { ...FILES, entry: "other.yaml" };
const problem = (line: number, message: string): Problem => ({
  file: "berth.yaml",
  line,
  column: 7,
  length: 1,
  code: "declare.unknown-key",
  message,
});
const MEMRY = problem(4, "limits.memry is not a known key");
const ACCEPTED = { generation: 4, changed: true } as ApplyView;

function stand(accept: (options: ApplyOptions) => ApplyView = () => ACCEPTED) {
  const events: NewEvent[] = [];
  const modes = createModes(
    () => 100,
    () => undefined,
  );
  const outbox = {
    add: (event: NewEvent) => void events.push(event),
    flush: async () => true,
    waiting: () => 0,
    busy: () => false,
  };
  const served = serveReread({ modes, outbox }, async (options) => accept(options));
  const read = (problems: readonly Problem[]) =>
    served.reread(async () => ({ bundle: BUNDLE, problems }));
  const apply = (bundle: ApplyOptions["bundle"]) =>
    served.apply({
      bundle,
      prune: false,
      expected: null,
      adopt: false,
      idempotencyKey: null,
      by: { who: "local", claim: null, reason: null },
    });
  const mode = (): string | null => modes.list()[0]?.detail ?? null;
  return { events, mode, read, apply };
}

test("a bad file is an event and a mode with place, code and count; the second one too", async () => {
  const { events, mode, read } = stand();
  await expect(read([MEMRY, problem(9, "name is missing")])).rejects.toMatchObject({
    code: "declare.unknown-key",
  });
  const told =
    "berth.yaml:4:7 limits.memry is not a known key (declare.unknown-key), and 1 more; the last good declaration stays";
  expect(mode()).toBe(told);
  expect(events).toEqual([
    {
      project: null,
      kind: "declaration.refused",
      cause: "operator",
      message: told,
      fields: { code: "declare.unknown-key", path: "berth.yaml:4:7", problems: 2 },
    },
  ]);
  await expect(read([problem(9, "name is missing")])).rejects.toThrow(/is missing|memry/);
  expect(events).toHaveLength(2);
  expect(mode()).toMatch(/^berth\.yaml:9:7 name is missing \(/);
});

test("it ends with the next good reread, or once the same file is applied; another file says nothing of it", async () => {
  const { mode, read, apply } = stand();
  await expect(read([MEMRY])).rejects.toThrow(/is missing|memry/);
  await apply(OTHER);
  expect(mode()).not.toBeNull();
  await apply(BUNDLE);
  expect(mode()).toBeNull();
  await expect(read([MEMRY])).rejects.toThrow(/is missing|memry/);
  expect(await read([])).toBe(ACCEPTED);
  expect(mode()).toBeNull();
});

test("what acceptance refuses counts as well; a daemon that does not lead says nothing of the file", async () => {
  let code = "declare.over-budget";
  const { events, mode, read } = stand(() => {
    throw new BerthError(code === "loop.not-leader" ? "conflict" : "declaration", {
      code,
      detail: "too large",
    });
  });
  await expect(read([])).rejects.toThrow("too large");
  expect(mode()).toBe("too large (declare.over-budget); the last good declaration stays");
  code = "loop.not-leader";
  await expect(read([])).rejects.toThrow("too large");
  expect(events).toHaveLength(1);
});
