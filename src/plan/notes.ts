/** Notes: what a container has from its creation and would have otherwise by now. No fault, and nothing to do at once: the next new one has it. */
import { shortImageId } from "./converge/replacement.ts";

export interface NoteSight {
  readonly project: string;
  /** As declared, and what that means now: null where no image has the name, undefined where nobody could ask. */
  readonly image: string;
  readonly imageId: string | null | undefined;
  /** What the container runs on. */
  readonly runsOn: string;
  /** How long the engine gives it when somebody else stops it, undefined where nobody could ask; and what its agents need. */
  readonly stopTimeoutSeconds: number | undefined;
  readonly stopNeedsSeconds: number;
}

/** Sentences for people, each with what ends it. */
export function notesOf(sight: NoteSight): readonly string[] {
  const { project, image, imageId, runsOn, stopTimeoutSeconds, stopNeedsSeconds } = sight;
  const notes: string[] = [];
  if (imageId === null)
    notes.push(
      `image ${image} is no longer on this host: its container goes on with ${shortImageId(runsOn)}, a new one needs it`,
    );
  else if (imageId !== undefined && imageId !== runsOn)
    notes.push(
      `image ${image} means ${shortImageId(imageId)} by now, its container runs on ${shortImageId(runsOn)}: \`berth restart ${project}\` takes it up`,
    );
  if (stopTimeoutSeconds !== undefined && stopTimeoutSeconds < stopNeedsSeconds)
    notes.push(
      `${shortStop(stopTimeoutSeconds, stopNeedsSeconds)}: \`berth restart ${project}\` gives it a new container`,
    );
  return notes;
}

/** Berth's own stops bring their grace; a foreign one and the host's shutdown go by what the container was created with. */
export function shortStop(seconds: number, needsSeconds: number): string {
  return `\`docker stop\` and the host's shutdown give its agents ${seconds} s, not the ${needsSeconds} they may need now`;
}
