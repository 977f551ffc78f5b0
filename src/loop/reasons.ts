/** Reasons for a project's pass that follow from a pass of our own: none says that somebody else changed the engine. */

/** Its runner reported, while the project is on the way somewhere. */
export const REPORTED = "runner report";
/** Its runner's welcome. */
export const CONNECTED = "runner connected";
/** A pass that did something is followed by one that looks at what came of it. */
export const VERIFY = "verify";

const ECHOES: readonly string[] = [REPORTED, CONNECTED, VERIFY];

/** For these a look that began after the project's last step is young enough; any other reason wants one of its own. */
export function areEchoes(reasons: readonly string[]): boolean {
  return reasons.every((reason) => ECHOES.includes(reason));
}
