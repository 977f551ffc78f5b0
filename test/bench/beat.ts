/** A beat: a command that says on a file of its volume that it runs, and a watch on the host that hears it. */
import { mkdirSync, watch } from "node:fs";

const FILE = "beat";
const WAIT_MS = 30_000;

/** Appends to the file, then sleeps. */
export const BEATER = [
  "/bin/sh",
  "-c",
  `echo up >> /workspace/${FILE}; exec sleep infinity`,
] as const;
/** Appends to the file and ends. */
export const ONE_BEAT = ["/bin/sh", "-c", `echo up >> /workspace/${FILE}`] as const;

/** Milliseconds from `act` until the next beat in this folder is heard. */
export async function untilBeat(folder: string, act: () => unknown): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const watcher = watch(folder, (_kind, name) => {
    if (name === FILE) resolve(performance.now());
  });
  watcher.on("error", reject);
  const timer = setTimeout(() => reject(new Error(`no beat in ${folder}`)), WAIT_MS);
  try {
    const from = performance.now();
    await act();
    return (await promise) - from;
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}
