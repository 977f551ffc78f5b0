/** Images on a real engine: pulled once when absent, refused by name when nobody has them. */
import { expect, test } from "vitest";
import { openHarbour } from "../../support/engine.ts";
import { openRegistry } from "../../support/registry.ts";

test("an image is pulled once, however many wait, and says what it is", async () => {
  const harbour = await openHarbour();
  const registry = await openRegistry({
    Entrypoint: ["/start", "here"],
    User: "1234",
    WorkingDir: "/srv",
    Volumes: { "/var/lib/b": {}, "/var/lib/a": {} },
    // Makes each run's image a new one.
    Env: [`OF=${harbour.own.install}`],
  });
  const image = `${registry.host}/test/image:1`;
  harbour.reapLater("image", image);
  expect(await harbour.engine.imageFacts(image)).toBeNull();
  const [first, second] = await Promise.all([
    harbour.engine.ensureImage(image),
    harbour.engine.ensureImage(image),
  ]);
  expect(first).toMatchObject({
    entrypoint: ["/start", "here"],
    user: "1234",
    workdir: "/srv",
    volumes: ["/var/lib/a", "/var/lib/b"],
  });
  expect(second).toEqual(first);
  const once = registry.asked.length;
  expect(await harbour.engine.ensureImage(image)).toEqual(first);
  expect(registry.asked.length).toBe(once);
  expect(registry.asked.filter((path) => path.endsWith("/manifests/1")).length).toBeLessThanOrEqual(
    2,
  );
});

test("an image the registry does not know is missing; a registry that is away may be back", async () => {
  const harbour = await openHarbour();
  const registry = await openRegistry({});
  await expect(harbour.engine.ensureImage(`${registry.host}/test/image:2`)).rejects.toMatchObject({
    kind: "rejected",
    code: "docker.image-missing",
  });
  await registry.close();
  await expect(harbour.engine.ensureImage(`${registry.host}/test/image:1`)).rejects.toMatchObject({
    kind: "transient",
    code: "docker.registry-unreachable",
  });
});

test("an image that lost its last name is known by its id while a container runs on it, and then no longer", async () => {
  const harbour = await openHarbour();
  const base = await harbour.container(harbour.spec("base"));
  const image = `berth-test-${harbour.own.install}:1`;
  const [repo, tag] = image.split(":");
  await harbour.raw.getContainer(base).commit({ repo, tag, changes: "USER 77" });
  harbour.reapLater("image", image);
  const facts = await harbour.engine.ensureImage(image);
  const id = await harbour.container(harbour.spec("web", { image }));
  await harbour.engine.startContainer(id);
  await harbour.raw.getImage(image).remove({ force: true });
  expect(await harbour.engine.imageFacts(image)).toBeNull();
  const { containers } = await harbour.engine.snapshot();
  const imageId = containers.find((each) => each.id === id)?.imageId ?? "";
  expect(await harbour.engine.imageFacts(imageId)).toEqual({ ...facts, user: "77" });
  // What the engine forgets of a stopped container it can still start: hence what is known is kept (loop/images).
  await harbour.engine.killContainer(id);
  await harbour.raw.getImage(imageId).remove({ force: true });
  expect(await harbour.engine.imageFacts(imageId)).toBeNull();
  await harbour.engine.startContainer(id);
});

test("an image id that is not here is missing at once", async () => {
  const harbour = await openHarbour();
  await expect(harbour.engine.ensureImage(`sha256:${"0".repeat(64)}`)).rejects.toMatchObject({
    kind: "rejected",
    code: "docker.image-missing",
  });
});
