/** Remembering what is desired: the same answer as asking anew, at no cost while nothing changed. */
import { expect, test } from "vitest";
import { desireProject, type ProjectFacts } from "../../../src/desired/desire.ts";
import { desireRemembered } from "../../../src/loop/remembered.ts";
import { IMAGE, INSTALL, MIB, sampleRecord } from "../../support/project-samples.ts";

const allocation = { project: "web", admitted: true, memoryBytes: 256 * MIB, waiting: null };
const facts: ProjectFacts = { image: IMAGE, allocation, workspaceOwner: null, idle: null };

test("the same record, facts and install are answered from memory, also by an allocation made anew", () => {
  const record = sampleRecord();
  const first = desireRemembered(record, INSTALL, facts);
  expect(first).toEqual(desireProject(record, INSTALL, facts));
  expect(desireRemembered(record, INSTALL, { ...facts, allocation: { ...allocation } })).toBe(
    first,
  );
});

test("what its declared image and the one it runs on make of a record are both remembered", () => {
  const record = sampleRecord();
  const by = (image: ProjectFacts["image"]) =>
    desireRemembered(record, INSTALL, { ...facts, image });
  const [declared, running] = [by(null), by(IMAGE)];
  expect(running.container).not.toBeNull();
  expect([by(null), by(IMAGE)]).toEqual([declared, running]);
  expect(by(null)).toBe(declared);
  expect(by(IMAGE)).toBe(running);
});

test("whatever differs is desired anew", () => {
  const record = sampleRecord();
  const changes: readonly Partial<ProjectFacts>[] = [
    { allocation: { ...allocation, memoryBytes: 128 * MIB } },
    { allocation: { ...allocation, admitted: false, waiting: "capacity" } },
    { allocation: null },
    { image: null },
    { image: { ...IMAGE, user: "1000" } },
    { workspaceOwner: { uid: 7, gid: 7 } },
    { idle: { kind: "resting", rest: "frozen", since: 0, why: "idle since then" } },
    { idle: { kind: "resting", rest: "stopped", since: 0, why: "idle since then" } },
    { idle: { kind: "waking", why: "a task waits" } },
  ];
  for (const change of changes) {
    desireRemembered(record, INSTALL, facts);
    const now = { ...facts, ...change };
    expect(desireRemembered(record, INSTALL, now)).toEqual(desireProject(record, INSTALL, now));
  }
  const install = { ...INSTALL, epoch: INSTALL.epoch + 1 };
  expect(desireRemembered(record, install, facts)).toEqual(desireProject(record, install, facts));
  const replaced = { ...record, generation: record.generation + 1 };
  expect(desireRemembered(replaced, INSTALL, facts).generation).toBe(replaced.generation);
});
