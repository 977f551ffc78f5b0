/** The ground a leader stands on: the spool and the runner volume that every container of ours mounts. */
import { shortHash } from "../base/hash.ts";
import type { InstallFacts } from "../model/desired-project.ts";
import type { Ownership } from "../docker/door.ts";
import type { DaemonState } from "./state.ts";

export interface Ground {
  /** Where the spool is seen from here. */
  readonly spoolRoot: string;
  readonly install: InstallFacts;
}

export interface Grounding {
  /** Lays it once before leadership is asked for: who cannot must not raise the epoch again and again. */
  ready(): Promise<void>;
  /** The ground for the epoch that was granted; laid again if it was laid long ago. */
  under(epoch: number): Promise<Ground>;
}

/** A standby may wait for days, and what it laid may go: it lays again this often, so that a takeover need not. */
const LAY_AGAIN_MS = 20_000;
/** Older ground is laid again before anything stands on it. */
const FRESH_MS = 30_000;

/** Lays the ground as somebody who does not lead yet; idempotent, so several daemons may do it at once. */
export function groundingOf(state: DaemonState, who: Omit<Ownership, "epoch">): Grounding {
  let laid: Readonly<{ at: number; ground: Ground }> | null = null;
  const youngerThan = (ms: number): boolean => laid !== null && state.now() - laid.at < ms;
  const layAgain = async (epoch: number): Promise<Ground> => {
    const ground = await lay(state, { ...who, epoch });
    laid = { at: state.now(), ground };
    return ground;
  };
  return {
    async ready() {
      if (!youngerThan(LAY_AGAIN_MS)) await layAgain(await state.postgres.epoch());
    },
    async under(epoch) {
      const ground = laid !== null && youngerThan(FRESH_MS) ? laid.ground : await layAgain(epoch);
      return { ...ground, install: { ...ground.install, epoch } };
    },
  };
}

async function lay({ engine, settings }: DaemonState, own: Ownership): Promise<Ground> {
  const spoolVolume = `berth-${own.install}-spool`;
  const spool = async (): Promise<string> => {
    await engine.createVolume(spoolVolume, own, { "berth.role": "spool" });
    return settings.spoolDir ?? engine.volumePath(spoolVolume);
  };
  const [spoolRoot, runnerVolume] = await Promise.all([
    spool(),
    engine.runnerVolume(settings.runnerImage, own),
  ]);
  return {
    spoolRoot,
    install: { ...own, bridgePrefix: bridgePrefixOf(own.install), spoolVolume, runnerVolume },
  };
}

/** `bt` + 4 hex + `-`: seven of the fifteen characters a bridge device may have, the same at every start. */
export function bridgePrefixOf(install: string): string {
  return `bt${shortHash(install).slice(0, 4)}-`;
}
