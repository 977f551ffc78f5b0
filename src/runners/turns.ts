/** One clock for the pings of all conversations: a hundred of their own would wake a daemon at rest nine times a second. */

const looking = new Map<number, Readonly<{ looks: Set<() => void>; timer: NodeJS.Timeout }>>();

/** Calls `look` every `ms`, together with all others of that time; returns what ends it. */
export function everyTurn(ms: number, look: () => void): () => void {
  // A look of its own: the same function may be given twice.
  const own = (): void => look();
  const known = looking.get(ms) ?? begun(ms);
  known.looks.add(own);
  return () => {
    known.looks.delete(own);
    if (known.looks.size > 0 || looking.get(ms) !== known) return;
    clearInterval(known.timer);
    looking.delete(ms);
  };
}

function begun(ms: number): Readonly<{ looks: Set<() => void>; timer: NodeJS.Timeout }> {
  const looks = new Set<() => void>();
  const timer = setInterval(() => {
    for (const look of looks) look();
  }, ms);
  const made = { looks, timer };
  looking.set(ms, made);
  return made;
}
