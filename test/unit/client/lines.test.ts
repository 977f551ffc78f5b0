/** Streams are cut where the daemon cut them, wherever the network did. */
import { expect, test } from "vitest";
import { collect } from "../../support/collect.ts";
import { linesOf, serverEventsOf, textOf } from "../../../src/client/lines.ts";

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("lines come whole, heartbeats are left out, characters are not torn", async () => {
  for (const size of [1, 2, 3, 7, 1_000]) {
    const lines = await collect(linesOf(inPieces("\nähm\n\n€uro\nlast", size)));
    expect(lines).toEqual(["ähm", "€uro", "last"]);
  }
});

test("server-sent events keep their type, comments and retry are left out", async () => {
  const text =
    'retry: 2000\n\n: alive\n\nid: 1\ndata: {"a":1}\n\nevent: problem\ndata: x\ndata: y\n\n';
  for (const size of [1, 5, 1_000])
    expect(await collect(serverEventsOf(inPieces(text, size)))).toEqual([
      { type: "message", text: '{"a":1}' },
      { type: "problem", text: "x\ny" },
    ]);
});

test("a line without an end is refused instead of kept", async () => {
  const endless = inPieces("x".repeat(5_000_000), 1_000_000);
  await expect(collect(linesOf(endless))).rejects.toMatchObject({
    code: "client.answer-too-long",
  });
});

test("a whole text is put together from its pieces", async () => {
  expect(await textOf(inPieces("größer", 1))).toBe("größer");
});
