/** What a journal tells is recorded after what caused it, which may still be on its way or be held back at the desk. */
import { expect, test } from "vitest";
import { listenToRunners } from "../../../src/loop/runner-listener.ts";
import type { DaemonState } from "../../../src/loop/state.ts";
import type { JournalBody, JournalEvent } from "../../../src/model/run.ts";

const place = { agent: "coder", replica: 0 };
const started: JournalBody = {
  kind: "started",
  run: "r1",
  task: "7",
  pid: 9,
  generation: 1,
  ...place,
};
const ready: JournalBody = { kind: "ready", run: "r1", ...place };
const journal = (...bodies: readonly JournalBody[]): readonly JournalEvent[] =>
  bodies.map((body, at) => ({ ...body, seq: at + 1, at: 1_000, boot: "b" }));

/** `log`: what was asked of the records and of the outbox, in order. */
function listener({ busy = false, fails = false } = {}) {
  const log: unknown[] = [];
  const ingest = async ({ told }: Readonly<{ told: readonly unknown[] }>) => {
    log.push(["ingest", told]);
    if (fails) throw new Error("no answer");
    return 2;
  };
  const session = {
    world: { records: new Map(), install: { epoch: 1 }, openRuns: new Set(), ended: new Map() },
    doors: { postgres: { ingest } },
    outbox: {
      busy: () => busy,
      flush: async () => {
        await Promise.resolve();
        return log.push("flushed") > 0;
      },
      add: (event: unknown) => log.push(["add", event]),
    },
    desk: {
      recording: () => ["its submission"],
      recorded: (events: readonly JournalEvent[]) => log.push(["recorded", events.length]),
      doubt: () => undefined,
    },
    questions: null,
    metrics: { restarted: () => undefined },
    eventsWritten: () => undefined,
  };
  // oxlint-disable-next-line no-unsafe-type-assertion -- journals ask no more of a daemon
  const listening = listenToRunners({ session } as unknown as DaemonState);
  const onEvents = (project: string, events: readonly JournalEvent[]) =>
    listening.onEvents(project, events);
  return { log, onEvents };
}

test("a journal that tells of tasks waits for the events that are being written, and takes along what is held back", async () => {
  const { log, onEvents } = listener({ busy: true });
  await onEvents("web", journal(started, ready));
  expect(log).toEqual(["flushed", ["ingest", ["its submission"]], ["recorded", 2]]);
});

test("no journal waits for nothing, and one without tasks for nobody", async () => {
  const idle = listener();
  await idle.onEvents("web", journal(started));
  const other = listener({ busy: true });
  await other.onEvents("web", journal(ready));
  expect([idle.log[0], other.log[0]]).toEqual([
    ["ingest", ["its submission"]],
    ["ingest", ["its submission"]],
  ]);
});

test("what could not be recorded with the journal is told by itself", async () => {
  const { log, onEvents } = listener({ fails: true });
  await expect(onEvents("web", journal(started))).rejects.toThrow("no answer");
  expect(log.at(-1)).toEqual(["add", "its submission"]);
});
