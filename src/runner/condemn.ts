/** The end of the runner when it can no longer keep its word: the container dies with it, and nothing in it survives. */

/** sysexits: internal software error. */
const EX_SOFTWARE = 70;

/** Says why on stderr, which is the container's log, and exits; PID 1 follows, and the kernel kills the rest. */
export function condemn(reason: string): never {
  process.stderr.write(`berth runner: giving up: ${reason}\n`);
  process.exit(EX_SOFTWARE);
}
