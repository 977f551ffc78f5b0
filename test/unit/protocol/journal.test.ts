/** The journal's lines: a torn tail is no event, damage costs only its own line. */
import { expect, test } from "vitest";
import type { JournalEvent } from "../../../src/model/run.ts";
import { decodeJournal, encodeEvent } from "../../../src/protocol/journal.ts";

const name = { run: "r", agent: "a", replica: 0 };
const BODIES: readonly JournalEvent[] = [
  { seq: 1, at: 5, boot: "b", kind: "boot", epoch: 1, configHash: null },
  { seq: 2, at: 5, boot: "b", kind: "started", ...name, pid: 3, generation: 4 },
  { seq: 3, at: 5, boot: "b", kind: "ready", ...name },
  { seq: 4, at: 5, boot: "b", kind: "unhealthy", ...name, reason: "ä" },
  {
    seq: 5,
    at: 5,
    boot: "b",
    kind: "exited",
    ...name,
    code: null,
    signal: "SIGKILL",
    oom: true,
    cause: "self",
    survivors: 2,
    durationMs: 9,
  },
  { seq: 6, at: 5, boot: "b", kind: "start-failed", ...name, reason: "x", generation: 4 },
  { seq: 7, at: 5, boot: "b", kind: "lost", ...name, reason: "x" },
  { seq: 8, at: 5, boot: "b", kind: "oom", count: 1 },
  { seq: 9, at: 5, boot: "b", kind: "dropped", run: "r", bytes: 1 },
  { seq: 10, at: 5, boot: "b", kind: "crash-loop", agent: "a", replica: 0, failures: 3 },
  { seq: 11, at: 5, boot: "b", kind: "workspace", ready: true, detail: null },
  { seq: 12, at: 5, boot: "b", kind: "note", run: "r", text: "x" },
  { seq: 13, at: 5, boot: "b", kind: "started", ...name, pid: 3, generation: 4, task: "t" },
  {
    seq: 14,
    at: 5,
    boot: "b",
    kind: "exited",
    ...name,
    code: 0,
    signal: null,
    oom: false,
    cause: "timeout",
    survivors: 0,
    durationMs: 9,
    result: { a: [null, "ä"] },
    resultFault: "why",
  },
  { seq: 15, at: 5, boot: "b", kind: "note", run: "r", text: "halfway" },
];
const encoded = new TextEncoder().encode(BODIES.map(encodeEvent).join(""));

test("every kind of event comes back as it was written", () => {
  expect(decodeJournal(encoded)).toEqual({
    events: BODIES,
    wholeBytes: encoded.length,
    garbage: 0,
  });
});

test("cut anywhere, the whole lines before the cut are read and the rest is left alone", () => {
  for (let cut = 0; cut <= encoded.length; cut += 7) {
    const { events, wholeBytes, garbage } = decodeJournal(encoded.subarray(0, cut));
    expect(events).toEqual(BODIES.slice(0, events.length));
    expect(wholeBytes).toBeLessThanOrEqual(cut);
    expect(garbage).toBe(0);
  }
});

test("a damaged line and a kind of a newer version are skipped, what follows is read", () => {
  const text = `{"seq":1\n{"seq":1,"at":1,"boot":"b","kind":"sang"}\n${BODIES.map(encodeEvent).join("")}`;
  const { events, garbage } = decodeJournal(new TextEncoder().encode(text));
  expect(events).toEqual(BODIES);
  expect(garbage).toBe(2);
});
