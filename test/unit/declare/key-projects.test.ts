/** `projects:` as a list of named maps means the same as a map by name. */
import { expect, test } from "vitest";
import { parseBundle } from "../../../src/declare/parse.ts";

const parse = (text: string): ReturnType<typeof parseBundle> =>
  parseBundle({ entry: "berth.yaml", files: { "berth.yaml": text }, base: "/x", overlays: [] });

test("a list and a map declare the same", () => {
  const list = parse(
    "projects:\n  - name: web\n    image: i\n    agents: { a: { command: [x] } }\n  - { name: api, image: i, agents: { b: { command: [y] } } }\n",
  );
  const map = parse(
    "projects:\n  web: { image: i, agents: { a: { command: [x] } } }\n  api: { image: i, agents: { b: { command: [y] } } }\n",
  );
  expect(list.ok && map.ok && list.declaration).toEqual(map.ok && map.declaration);
  expect(list.ok && Object.keys(list.declaration.projects).toSorted()).toEqual(["api", "web"]);
});

test("items without a name and names given twice are told with their places", () => {
  const parsed = parse(
    "projects:\n  - image: i\n  - { name: web, image: i }\n  - { name: web, image: i }\n",
  );
  expect(!parsed.ok && parsed.problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
    "2 each item of projects must be a map with a name",
    "3 project web is declared twice",
    "4 project web is declared twice",
  ]);
});
