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
