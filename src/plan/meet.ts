/** Which image decides what a project is to be: the one its container runs on, for as long as that container may stay. */
import type { DesiredProject } from "../model/desired-project.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import { replacementOf } from "./converge/replacement.ts";
import { situationOf } from "./converge/situation.ts";

export interface Wishes {
  /** By the image that the declared name means now. */
  readonly declared: DesiredProject;
  /** By the image its container runs on; null: the same one, none, or one nothing is known of. */
  readonly running: DesiredProject | null;
}

/** `by` says what the project is to be by an image; it is not asked twice for the same one. */
export function wishesBy<Image extends Readonly<{ id: string | null }>>(
  { declared, running }: Readonly<{ declared: Image | null; running: Image | null }>,
  by: (image: Image | null) => DesiredProject,
): Wishes {
  const isOther = running !== null && running.id !== declared?.id;
  return { declared: by(declared), running: isOther ? by(running) : null };
}

/** A name that is moved or taken away says nothing about what runs; only a new container is made from what it means then. */
export function wishToMeet(
  { declared, running }: Wishes,
  observed: ObservedProject,
): DesiredProject {
  if (running === null) return declared;
  const situation = situationOf(running, observed);
  const { kept } = situation;
  return kept !== null && replacementOf(situation, kept) === null ? running : declared;
}
