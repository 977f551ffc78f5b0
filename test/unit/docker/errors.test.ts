/** What the engine says, translated. */
import { expect, test } from "vitest";
import { translate } from "../../../src/docker/errors.ts";

const answer = (statusCode: number, words: string): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) some reason - ${words} `), { statusCode });
const silence = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

test.each([
  [silence("ECONNREFUSED"), "transient", "docker.unreachable"],
  [silence("ENOENT"), "transient", "docker.unreachable"],
  [new Error("socket hang up"), "transient", "docker.unreachable"],
  [silence("EACCES"), "rejected", "docker.permission-denied"],
  [answer(404, "No such image: nobody:1"), "rejected", "docker.image-missing"],
  [answer(404, "No such container: x"), "conflict", "docker.not-found"],
  [
    answer(409, 'Conflict. The container name "/x" is already in use by container'),
    "rejected",
    "docker.name-taken",
  ],
  [answer(409, "container is paused"), "conflict", "docker.busy"],
  [answer(409, "remove x: volume is in use - [abc]"), "conflict", "docker.busy"],
  [
    answer(403, "error while removing network: network x has active endpoints"),
    "conflict",
    "docker.busy",
  ],
  [
    answer(403, "Pool overlaps with other one on this address space"),
    "rejected",
    "docker.subnet-taken",
  ],
  [answer(500, "write /x: no space left on device"), "transient", "docker.no-space"],
  [answer(400, "invalid mount config"), "rejected", "docker.refused"],
  [answer(500, "something broke"), "transient", "docker.engine-failed"],
  [answer(503, "starting up"), "transient", "docker.unreachable"],
])("%s is %s %s", (thrown, kind, code) => {
  expect(translate("try", thrown)).toMatchObject({ kind, code, cause: thrown });
});

test("the detail is the engine's own sentence, without dockerode's preface", () => {
  expect(translate("pause container", answer(409, "container is paused")).message).toBe(
    "pause container: container is paused",
  );
});
