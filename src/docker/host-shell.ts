/** Small shell scripts on the host's network: run directly by a daemon on the host, else by an errand container there. */
import { execFile } from "node:child_process";
import { DEADLINE } from "./connection.ts";
import type { EngineDoor, ErrandRun, Ownership } from "./door.ts";
import { dockerError } from "./errors.ts";

export type HostShell = (script: string, argument: string) => Promise<ErrandRun>;

/** The most a script may say; the rules and routes of a busy host are some hundred kilobytes. */
const MAX_OUTPUT = 16 * 1024 * 1024;

/** Runs `sh -c script` on this machine; the argument is `$1`. */
export function localShell(): HostShell {
  return (script, argument) =>
    new Promise((resolve, reject) => {
      const options = {
        timeout: DEADLINE.errand,
        maxBuffer: MAX_OUTPUT,
        killSignal: "SIGKILL",
      } as const;
      execFile("sh", ["-c", script, "sh", argument], options, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : error.code;
        if (typeof exitCode === "number") resolve({ exitCode, stdout, stderr });
        else
          reject(
            dockerError("docker.firewall-failed", "a firewall command did not end by itself", {
              cause: error,
            }),
          );
      });
    });
}

export interface ErrandShellOptions {
  readonly engine: Pick<EngineDoor, "runOnce">;
  /** An image with iptables and iproute2. */
  readonly netImage: string;
  readonly own: () => Ownership;
}

/** Runs the same in a container on the host's network that may administer it and nothing else. */
export function errandShell({ engine, netImage, own }: ErrandShellOptions): HostShell {
  return (script, argument) =>
    engine.runOnce(netImage, ["sh", "-c", script, "sh", argument], {
      // RAW is for iptables-legacy, which reads its tables through a raw socket.
      capAdd: ["NET_ADMIN", "NET_RAW"],
      hostNetwork: true,
      own: own(),
    });
}
