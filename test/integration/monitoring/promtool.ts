/** Runs promtool, which scripts/test brings where the machine has none. */
import { execFile } from "node:child_process";

export interface ToolAnswer {
  readonly code: number;
  readonly text: string;
}

/** Exit code and everything it printed; `stdin` is handed to it. */
export function promtool(args: readonly string[], stdin = ""): Promise<ToolAnswer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      "promtool",
      [...args],
      { timeout: 60_000, maxBuffer: 16 * 1024 ** 2 },
      (error, out, err) => {
        if (error?.code === "ENOENT")
          reject(
            new Error("promtool is missing: scripts/test brings it (scripts/lib/prometheus.sh)"),
          );
        else resolve({ code: typeof error?.code === "number" ? error.code : 0, text: out + err });
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin);
  });
}
