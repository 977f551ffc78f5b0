/** What the runner says to the launcher and hears of it, byte for byte. */
import { expect, test } from "vitest";
import {
  AnswerReader,
  encodeFifos,
  encodeStart,
  encodeTake,
  MAX_REQUEST_BYTES,
} from "../../../src/protocol/launch-frame.ts";
import { describeRefusal, exitOf } from "../../../src/runner/launch.ts";

const COMMAND = {
  uid: 5,
  gid: 6,
  groups: [7],
  marker: 1_000_000_001,
  cwd: "/w",
  environment: { A: "1", B: "ü" },
  argv: ["cmd", ""],
};

function wordsOf(frame: Buffer, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => frame.readUInt32LE(at * 4));
}

test("a start is its length, numbers and strings, each string ended by NUL", () => {
  const frame = encodeStart(9, COMMAND, { in: "/i", heard: ["stdout", "result"] });
  if (frame === null) throw new Error("refused");
  const head = [frame.length - 4, 1, 9, 5, 6, 5, 2, 2, 3, 6, 1_000_000_001, 7];
  expect(wordsOf(frame, head.length)).toEqual(head);
  const text = frame.toString("utf8", head.length * 4);
  expect(text).toBe(["/w", "/i", "cmd", "", "A=1", "B=ü", ""].join("\0"));
});

test("a string with a NUL, and more than the launcher takes, are refused before they are sent", () => {
  expect(encodeStart(1, { ...COMMAND, argv: ["a\0b"] }, { heard: [] })).toBeNull();
  const long = "x".repeat(MAX_REQUEST_BYTES);
  expect(encodeStart(1, { ...COMMAND, argv: [long] }, { heard: [] })).toBeNull();
  const many = Array.from({ length: 16_001 }, () => "x");
  expect(encodeStart(1, { ...COMMAND, argv: many }, { heard: [] })).toBeNull();
  expect(encodeFifos(2, ["/a", "/b"])?.toString("latin1", 16)).toBe("/a\0/b\0");
});

test("answers are read whole, whatever pieces they come in", () => {
  const numbers = [
    [1, 7, 17, 0],
    [2, 8, 4_000_000_000, 0],
    [3, 9, 2, 6],
    [5, 8, 12, 4 * 77 + 1],
    [4, 8, 0, 256],
    [4, 10, 1, 9],
  ].flat();
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, at) => bytes.writeUInt32LE(number, at * 4));
  const expected = [
    { kind: "made", id: 7, errno: 17 },
    { kind: "runs", id: 8, pid: 4_000_000_000 },
    { kind: "refused", id: 9, errno: 2, stage: 6 },
    { kind: "spoke", id: 8, stream: "stderr", path: "/proc/12/fd/77" },
    { kind: "ended", id: 8, status: 256, alone: false },
    { kind: "ended", id: 10, status: 9, alone: true },
  ];
  for (const size of [1, 5, 16, 33, 64]) {
    const reader = new AnswerReader();
    const answers = [];
    for (let at = 0; at < bytes.length; at += size) {
      answers.push(...reader.push(bytes.subarray(at, at + size)));
    }
    expect(answers).toEqual(expected);
  }
});

test("a wait status is a code or a signal, a core dump and real-time signals included", () => {
  const of = (status: number) => exitOf(status, true);
  expect(of(0)).toEqual({ code: 0, signal: null, alone: true });
  expect(of(255 << 8)).toEqual({ code: 255, signal: null, alone: true });
  expect(of(9)).toEqual({ code: null, signal: "SIGKILL", alone: true });
  expect(of(11 | 0x80)).toEqual({ code: null, signal: "SIGSEGV", alone: true });
  expect(of(40)).toEqual({ code: null, signal: "SIG40", alone: true });
});

test("a stream taken is told by its number", () => {
  expect(wordsOf(encodeTake(7, "result", "opened"), 5)).toEqual([16, 3, 7, 2, 0]);
  expect(wordsOf(encodeTake(8, "stdout", "refused"), 5)).toEqual([16, 3, 8, 0, 1]);
});

test("a refusal names what was refused and why", () => {
  const of = (stage: number, errno: number) =>
    describeRefusal({ kind: "refused", id: 1, errno, stage }, COMMAND);
  expect(of(1, 11)).toMatch(/^the container cannot start a process: /);
  expect(of(2, 24)).toMatch(/^its output: /);
  expect(of(3, 1)).toMatch(/^uid 5: /);
  expect(of(4, 2)).toBe("/w: No such file or directory");
  expect(of(5, 13)).toBe("its input: Permission denied");
  expect(of(6, 2)).toBe("cmd: No such file or directory");
});
