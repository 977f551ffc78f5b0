/** The engine's JSON lines, however they are cut. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ndjson, type JsonObject } from "../../../src/docker/ndjson.ts";

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const at of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, at);
    from = at;
  }
}

async function all(chunks: AsyncIterable<Buffer>): Promise<JsonObject[]> {
  const out: JsonObject[] = [];
  for await (const line of ndjson(chunks)) out.push(line);
  return out;
}

test("objects come out whole wherever the stream is cut, also inside a character", async () => {
  const objects = fc.array(fc.record({ name: fc.string({ unit: "grapheme" }), n: fc.integer() }), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(objects, fc.array(fc.nat()), async (wanted, cuts) => {
      const bytes = Buffer.from(wanted.map((each) => `${JSON.stringify(each)}\n`).join(""));
      const within = cuts.map((cut) => cut % (bytes.length + 1));
      expect(await all(chunksOf(bytes, within))).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

test("garbage, other JSON and a torn last line are passed over", async () => {
  const bytes = Buffer.from('{"a":1}\nnonsense\n[1]\n7\nnull\n\n{"b":2}\n{"c":');
  expect(await all(chunksOf(bytes, [3]))).toEqual([{ a: 1 }, { b: 2 }]);
});
