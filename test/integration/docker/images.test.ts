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

test("an image id that is not here is missing at once", async () => {
  const harbour = await openHarbour();
  await expect(harbour.engine.ensureImage(`sha256:${"0".repeat(64)}`)).rejects.toMatchObject({
    kind: "rejected",
    code: "docker.image-missing",
  });
});
