/** Declarations for end-to-end tests: small, quick, on the image every machine here has. */

export const IMAGE = process.env["BERTH_TEST_IMAGE"] ?? "debian:bookworm-slim";

/** A host file whose projects follow inline. Limits are small so that many fit. */
export function host(projects: string, extra = ""): string {
  return `api_version: berth/v1
host:
  reserve: { cpus: 0.1, memory: 256MiB, disk: 100MiB }
${extra}defaults:
  image: "${IMAGE}"
  limits: { cpus: 1, memory: 96MiB, pids: 64, agents: 8 }
projects:
${projects}`;
}

/** A project whose agent counts on stdout, one number every 100 ms. */
export function counter(name: string, more = ""): string {
  return `  ${name}:
    agents:
      count:
        command: [/bin/sh, -c, "i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done"]
        restart: { policy: always, backoff: 0s, max: 1000 }
        stop_grace_period: 1s
${more}`;
}

/** A project that only sleeps. */
export function sleeper(name: string, more = ""): string {
  return `  ${name}:
    agents:
      sleep: { command: [sleep, infinity], restart: { policy: always, backoff: 0s, max: 1000 }, stop_grace_period: 1s }
${more}`;
}
