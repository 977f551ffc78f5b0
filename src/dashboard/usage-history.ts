/** What a project used before this page was opened, from the recorded history. */
import { daemon } from "./daemon.ts";
import { prependSamples } from "./usage.ts";

/** Puts the last hour before the live samples; without records the charts begin now. */
export async function readHistory(name: string): Promise<void> {
  try {
    const { items } = await daemon.usage(name, {});
    prependSamples(
      name,
      items.map(({ at, cpus, memoryBytes, pids }) => ({
        at,
        cpuPercent: cpus === null ? null : cpus * 100,
        memoryBytes,
        pids,
      })),
    );
  } catch {
    // Postgres is away, which the banner says
  }
}
