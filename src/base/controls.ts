/** Words of others, shown: control characters steer terminals, break lines of logs, and databases refuse some of them. */

/** Each run of control characters becomes a space, or what it holds of those that are `kept` ("\n"). */
export function withoutControls(text: string, kept = ""): string {
  return text.replaceAll(/\p{Cc}+/gu, (run) => {
    const left = run.split("").filter((each) => kept.includes(each));
    return left.length === 0 ? " " : left.join("");
  });
}
