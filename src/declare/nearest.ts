/** The word an operator probably meant: the nearest valid one, or Berth's word for another tool's. */

/** Words of Compose, Kubernetes and systemd for keys that Berth has under another name. */
const SYNONYMS: Readonly<Record<string, string>> = {
  args: "command",
  build: "image",
  cmd: "command",
  cpu: "cpus",
  cpu_shares: "weight",
  env: "environment",
  environments: "environment",
  healthcheck: "health",
  mem: "memory",
  mem_limit: "memory",
  open_files: "nofile",
  pids_limit: "pids",
  resources: "limits",
  restart_policy: "restart",
  scale: "replicas",
  services: "agents",
  shm_size: "shm",
  template: "extends",
  test: "command",
  ulimits: "nofile",
  volume: "workspace",
  volumes: "workspace",
  working_dir: "cwd",
  workdir: "cwd",
};

/** Longer words are not compared: nobody mistypes a paragraph into a key. */
const MAX_LENGTH = 40;

/** The candidate meant by a word, or null when none is near: at most a third of its letters differ. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const lower = word.toLowerCase().replaceAll("-", "_");
  const synonym = Object.hasOwn(SYNONYMS, lower) ? SYNONYMS[lower] : undefined;
  if (synonym !== undefined && candidates.includes(synonym)) return synonym;
  if (word.length > MAX_LENGTH) return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const cost = same ? 0 : 1;
      const swapped =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + cost,
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? 0;
}
