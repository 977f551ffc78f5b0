/** The declaration in force, read once for each generation. */
import { effect, signal } from "@preact/signals";
import type { ConfigView } from "../schema/api-declaration.ts";
import { daemon } from "./daemon.ts";
import { host } from "./live-state.ts";

/** Null until it was read. */
export const config = signal<ConfigView | null>(null);

effect(() => {
  const generation = host.value?.generation;
  if (generation === undefined || generation === config.peek()?.generation) return;
  daemon.config().then(
    (read) => (config.value = read),
    // the next generation, or the next turn after a break, asks again
    () => undefined,
  );
});
