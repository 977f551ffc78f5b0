/** What images say of themselves is asked once, and a container's image needs no question of its own. */
import { expect, test } from "vitest";
import type { ImageFacts } from "../../../src/docker/door.ts";
import type { EngineEvent } from "../../../src/model/observed.ts";
import {
  forgetUnused,
  knownInUse,
  learnImage,
  learnImages,
  learnInUse,
} from "../../../src/loop/images.ts";
import { wake } from "../../../src/loop/wake.ts";
import { deskSession } from "../../support/desk-session.ts";
import { IMAGE, sampleSpec } from "../../support/project-samples.ts";
import { up } from "../../support/goldens.ts";

const UNTAGGED: EngineEvent = {
  at: 0,
  type: "image",
  action: "untag",
  id: "sha256:1",
  name: null,
  own: {
    install: null,
    installUid: null,
    project: null,
    generation: null,
    specHash: null,
    epoch: null,
  },
  attributes: {},
};
const FACTS: ImageFacts = { ...IMAGE, environment: {} };

/** A session on an engine that has these images, by name or id, and keeps what it was asked. */
function session(images: Readonly<Record<string, ImageFacts>>) {
  const desk = deskSession({
    tasks: {} as never,
    runners: {} as never,
    epoch: 1,
    slots: 1,
    projects: [sampleSpec()],
    now: () => 0,
  });
  const asked: string[] = [];
  const imageFacts = (image: string): Promise<ImageFacts | null> => {
    asked.push(image);
    return Promise.resolve(images[image] ?? null);
  };
  return { asked, session: { ...desk, imageFacts, triggerHost: () => undefined } };
}

test("a name is asked for once, and tells of the id as well", async () => {
  const one = session({ "node:26": FACTS });
  await learnImages(["node:26", "node:26"], up.containers, one.session);
  expect(await learnImage("node:26", one.session)).toBe(FACTS);
  expect(knownInUse("web", up.containers, one.session)).toBe(FACTS);
  expect(one.asked).toEqual(["node:26"]);
});

test("without a name the image of a container is asked for by its id", async () => {
  const one = session({ "sha256:1": FACTS });
  await learnImages(["node:26"], up.containers, one.session);
  expect(await learnImage("node:26", one.session)).toBeNull();
  expect(await learnInUse("web", up.containers, one.session)).toBe(FACTS);
  expect(one.asked).toEqual(["node:26", "sha256:1", "node:26"]);
});

test("what runs on an image is known as long as its container is there, whatever the engine forgets", async () => {
  const one = session({ "node:26": FACTS });
  await learnImages(["node:26"], up.containers, one.session);
  wake(UNTAGGED, one.session);
  expect(knownInUse("web", up.containers, one.session)).toBe(FACTS);
  const snapshot = { at: 0, containers: up.containers, networks: [], volumes: [] };
  forgetUnused(snapshot, one.session);
  expect(await learnInUse("web", up.containers, one.session)).toBe(FACTS);
  expect(one.asked).toEqual(["node:26"]);
  forgetUnused({ ...snapshot, containers: [] }, one.session);
  expect(knownInUse("web", up.containers, one.session)).toBeNull();
});

test("only the container that has the project's name counts, unless it is on its way out", async () => {
  const one = session({ "sha256:1": FACTS });
  const others = up.containers.flatMap((each) => [
    { ...each, name: "other" },
    { ...each, state: "removing" as const },
  ]);
  expect(await learnInUse("web", others, one.session)).toBeNull();
  expect(one.asked).toEqual([]);
});
