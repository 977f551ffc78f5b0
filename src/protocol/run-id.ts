/** What a run is called, and what its process is told of it. */
import type { Identity } from "../model/identity.ts";

/** Tasks' payloads, FIFOs to speak through, answers: tmpfs, so that nothing of it outlives the container. */
export const TASK_FOLDER = "/run/.berth-task";

const HALF_DIGITS = 5;
const HALF = 16 ** HALF_DIGITS;

/** Sorts by start time, unique beyond any clock. `now`: ms since the epoch; `randomness`: in [0, 1). */
export function newRunId(now: number, randomness: () => number): string {
  const half = (): string =>
    Math.floor(randomness() * HALF)
      .toString(16)
      .padStart(HALF_DIGITS, "0");
  return `${Math.trunc(now).toString(36)}-${half()}${half()}`;
}

/** The FIFO of a user's runs to the runner. */
export function voicePath(folder: string, { uid }: Pick<Identity, "uid">): string {
  return `${folder}/voice-${uid}`;
}

/** What a service's process finds in its environment besides what is declared. */
export function ownVariables({
  run,
  replica,
  owner,
}: Readonly<{ run: string; replica: number; owner: Identity }>): Readonly<Record<string, string>> {
  return {
    BERTH_REPLICA: String(replica),
    BERTH_RUN_ID: run,
    BERTH_AGENT_FIFO: voicePath(TASK_FOLDER, owner),
  };
}
