/** What `describe` notes of a project's container: asked of the engine as far as it is not known, and left out where it cannot say. */
import { stopGraceOf } from "../../desired/desire.ts";
import type { ObservedContainer } from "../../model/observed.ts";
import { notesOf } from "../../plan/notes.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import { learnImage } from "../images.ts";
import type { Session } from "../session.ts";

/** None for a project without a container. */
export async function notesAbout(
  { name, spec }: ProjectRow,
  container: ObservedContainer | null,
  session: Session,
): Promise<readonly string[]> {
  if (container === null || session.modes.holds("engine-gone")) return [];
  const [image, inspected] = await Promise.all([
    learnImage(spec.image, session).catch(() => undefined),
    session.inspections.of(container.id).catch(() => null),
  ]);
  return notesOf({
    project: name,
    image: spec.image,
    imageId: image === null ? null : image?.id,
    runsOn: container.imageId,
    stopTimeoutSeconds: inspected?.stopTimeoutSeconds,
    stopNeedsSeconds: Math.ceil(stopGraceOf(spec) / 1000),
  });
}
