/** What images say of themselves, asked once: by the name a project declares, and by the id its container runs on. */
import { objectName } from "../desired/names.ts";
import type { ImageFacts } from "../docker/door.ts";
import type { EngineSnapshot, ObservedContainer } from "../model/observed.ts";
import type { Session } from "./session.ts";

/** Null: it is not on this host. What a name says holds until the engine tells of any change to an image. */
export async function learnImage(image: string, session: Session): Promise<ImageFacts | null> {
  const { images, imagesInUse } = session.world;
  const known = images.get(image);
  if (known !== undefined) return known;
  const asked = await session.imageFacts(image);
  if (asked === null) return null;
  const facts = imagesInUse.get(asked.id) ?? images.get(asked.id) ?? asked;
  images.set(facts.id, facts).set(image, facts);
  return facts;
}

/** Names first, ids after them: most containers run on what their project's name means. */
export async function learnImages(
  names: readonly string[],
  containers: readonly ObservedContainer[],
  session: Session,
): Promise<void> {
  await Promise.all([...new Set(names)].map((name) => learnImage(name, session)));
  const ids = new Set(containers.map(({ imageId }) => imageId));
  await Promise.all([...ids].map((id) => learnId(id, session)));
}

/** The image a project's container runs on, whatever became of its names. Null: none, or not known. */
export async function learnInUse(
  project: string,
  containers: readonly ObservedContainer[],
  session: Session,
): Promise<ImageFacts | null> {
  const id = idInUse(project, containers, session);
  return id === null ? null : learnId(id, session);
}

/** As far as it is known without asking. */
export function knownInUse(
  project: string,
  containers: readonly ObservedContainer[],
  session: Session,
): ImageFacts | null {
  const id = idInUse(project, containers, session);
  return id === null ? null : (session.world.imagesInUse.get(id) ?? null);
}

/** Images that no container uses any more. */
export function forgetUnused({ containers }: EngineSnapshot, { world }: Session): void {
  const used = new Set(containers.map(({ imageId }) => imageId));
  for (const id of world.imagesInUse.keys()) if (!used.has(id)) world.imagesInUse.delete(id);
}

/**
 * An id never comes to mean something else, so it is remembered as long as a container uses it: the engine itself forgets
 * the image of a container that does not run when its last name is forced away, and can still start that container.
 */
async function learnId(id: string, session: Session): Promise<ImageFacts | null> {
  const { imagesInUse } = session.world;
  const facts = imagesInUse.get(id) ?? (await learnImage(id, session));
  if (facts !== null) imagesInUse.set(id, facts);
  return facts;
}

function idInUse(
  project: string,
  containers: readonly ObservedContainer[],
  { world }: Session,
): string | null {
  const own = objectName(world.install.install, project);
  const found = containers.find(({ name, state }) => name === own && state !== "removing");
  return found?.imageId ?? null;
}
