/** Which container states mean that processes exist: they hold memory and stand in the way of another container. */
import type { ContainerState } from "../model/observed.ts";

/** A frozen container is live: its memory stays taken. */
export function isLive(state: ContainerState): boolean {
  switch (state) {
    case "running":
    case "paused":
    case "restarting":
      return true;
    case "created":
    case "removing":
    case "exited":
    case "dead":
      return false;
  }
}
