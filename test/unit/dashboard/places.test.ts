/** Addresses name places, and every link leads to the place it names. */
import { assert, constantFrom, property, string } from "fast-check";
import { expect, test } from "vitest";
import { PROJECT_PARTS, placeOf, projectLink, taskLink } from "../../../src/dashboard/places.ts";

test("a link to a project's part or a task leads there, whatever its name holds", () => {
  assert(
    property(
      string({ minLength: 1, unit: "grapheme" }),
      constantFrom(...PROJECT_PARTS),
      (name, part) => {
        expect(placeOf(projectLink(name, part))).toEqual({ page: "project", name, part });
        expect(placeOf(taskLink(name))).toEqual({ page: "task", id: name });
      },
    ),
  );
});

test("a token in the fragment is no place, and neither is what nothing is at", () => {
  expect(placeOf("#token=secret")).toEqual({ page: "overview" });
  expect(placeOf("")).toEqual({ page: "overview" });
  expect(placeOf("#/settings")).toEqual({ page: "settings" });
  expect(placeOf("#/nothing/here")).toEqual({ page: "nowhere" });
  expect(placeOf("#/projects/web/unheard-of")).toMatchObject({ page: "project", part: "now" });
  expect(placeOf("#/tasks/%E0%A4%A")).toEqual({ page: "task", id: "%E0%A4%A" });
});
