/** Sharing: who asks for the same while it is being found out gets the one answer. */

/** Wraps a question so that it is asked once at a time for each key. Nothing is remembered: the next question is a new one. */
export function sharedByKey<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key) => {
    const before = underWay.get(key);
    if (before !== undefined) return before;
    const run = ask(key).finally(() => underWay.delete(key));
    underWay.set(key, run);
    return run;
  };
}
