/** Frames survive any cutting of the stream; garbage is counted and holds nothing up. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { daemonFrameReader, encodeFrame, runnerFrameReader } from "../../../src/protocol/codec.ts";
import { MAX_FRAME_BYTES } from "../../../src/protocol/frame.ts";
import type { DaemonFrame, RunnerFrame } from "../../../src/protocol/frame.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const PING: DaemonFrame = { kind: "ping", id: 7 };
const FRAMES: readonly DaemonFrame[] = [
  { kind: "hello", versions: [1], epoch: 3, install: "main", project: "web" },
  { kind: "resume", after: 12 },
  { kind: "ack", seq: 12, epoch: 3 },
  { kind: "secrets", id: 1, epoch: 3, values: { KEY: "ä€😀" } },
  { kind: "exec-open", id: 2, epoch: 3, agent: null },
  { kind: "thawed", id: 3, epoch: 3, frozenMs: 10 },
  {
    kind: "run-task",
    id: 4,
    epoch: 3,
    run: "r",
    task: "t",
    attempt: 1,
    agent: "coder",
    payload: null,
    timeoutMs: 5,
  },
  { kind: "cancel-run", id: 5, epoch: 3, run: "r" },
  PING,
];

test("frames come out as they went in, however the stream is cut", () => {
  const stream = FRAMES.flatMap((frame) => [...encodeFrame(frame)]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (cuts) => {
      const reader = daemonFrameReader();
      const found: DaemonFrame[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const next = at + (cuts[turn % cuts.length] ?? 1);
        found.push(...reader.push(Uint8Array.from(stream.slice(at, next))).frames);
        at = next;
      }
      expect(found).toEqual(FRAMES);
    }),
  );
});

test("no bytes whatever make the reader throw, and the next frame is read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      const reader = daemonFrameReader();
      reader.push(noise);
      reader.push(bytes("\n"));
      expect(reader.push(encodeFrame(PING)).frames).toEqual([PING]);
    }),
  );
});

test("lines that are no frame are counted: no JSON, unknown kind, a field missing or of another type", () => {
  const lines = [
    "nonsense",
    "null",
    "[]",
    '{"kind":"dance"}',
    '{"kind":"ack","seq":1}',
    '{"kind":"ping","id":"7"}',
    '{"kind":"toString"}',
  ];
  const { frames, garbage } = daemonFrameReader().push(bytes(`${lines.join("\n")}\n\n`));
  expect(frames).toEqual([]);
  expect(garbage).toBe(lines.length);
});

test("a line above the cap is skipped to its end without being held", () => {
  const reader = daemonFrameReader();
  for (let sent = 0; sent < 3 * MAX_FRAME_BYTES; sent += 65_536) {
    expect(reader.push(new Uint8Array(65_536).fill(120))).toEqual({ frames: [], garbage: 0 });
  }
  const { frames, garbage } = reader.push(bytes(`\n${JSON.stringify(PING)}\n`));
  expect({ frames, garbage }).toEqual({ frames: [PING], garbage: 1 });
});

test("a frame above the cap is not sent", () => {
  const values = { BIG: "x".repeat(MAX_FRAME_BYTES) };
  expect(() => encodeFrame({ kind: "secrets", id: 1, epoch: 1, values })).toThrow("cap");
});

test("a runner's frames are read by the daemon's end only when whole", () => {
  const reply: RunnerFrame = {
    kind: "reply",
    id: 1,
    ok: false,
    code: "runner.epoch-stale",
    detail: "old",
  };
  const event: RunnerFrame = {
    kind: "event",
    event: { seq: 1, at: 2, boot: "b", kind: "dropped", run: "r", bytes: 3 },
  };
  const { frames, garbage } = runnerFrameReader().push(
    bytes(
      [
        JSON.stringify(reply),
        JSON.stringify(event),
        '{"kind":"reply","id":1,"ok":false}',
        '{"kind":"event","event":{"seq":1}}',
        "",
      ].join("\n"),
    ),
  );
  expect(frames).toEqual([reply, event]);
  expect(garbage).toBe(2);
});

test("a runner's status without task runs, and a configuration without tasks, are those of an older version", () => {
  const status = {
    kind: "status",
    configHash: null,
    agents: [],
    sample: null,
    workspace: "ready",
    workspaceDetail: null,
    missingSecrets: [],
    restartSerials: {},
  };
  const read = (frame: object) =>
    runnerFrameReader().push(bytes(`${JSON.stringify(frame)}\n`)).frames.length;
  expect(read(status)).toBe(1);
  expect(read({ ...status, taskRuns: ["r"] })).toBe(1);
  expect(read({ ...status, taskRuns: [1] })).toBe(0);
  const progress = { kind: "progress", run: "r", fraction: 0.5, text: "half" };
  expect(read(progress)).toBe(1);
  expect(read({ ...progress, fraction: "half" })).toBe(0);
});
