/** A page of a list: one row more than asked for was read, and says whether there is another page. */

/** The first `limit` of what was found, and the id to go on after; null: that was all. */
export function paged<Item extends Readonly<{ id: string | number }>>(
  found: readonly Item[],
  limit: number,
): { items: Item[]; next: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? String(last.id) : null };
}

interface PageQuery {
  /** Key of the last item of the page before. */
  readonly cursor?: string | undefined;
  /** Absent: all. */
  readonly limit?: number | undefined;
}

/** Of a list that is read whole: what comes after the cursor. Pages are in the order of their keys, so what comes or goes meanwhile shifts nothing. */
export function pageOf<Item>(
  all: readonly Item[],
  { cursor, limit }: PageQuery,
  keyOf: (item: Item) => string,
): { items: Item[]; next: string | null } {
  if (cursor === undefined && limit === undefined) return { items: [...all], next: null };
  const rest = all
    .map((item) => ({ id: keyOf(item), item }))
    .filter(({ id }) => cursor === undefined || id > cursor)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const { items, next } = paged(rest, limit ?? rest.length);
  return { items: items.map(({ item }) => item), next };
}
