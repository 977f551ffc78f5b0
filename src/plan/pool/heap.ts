/** A binary heap that knows where each item lies, so that any item can be removed or moved in logarithmic time. */

export interface HeapRules<T> {
  /** A total order: whose turn comes first. */
  readonly before: (a: T, b: T) => boolean;
  /** Told the item's new place; -1 when it has left the heap. */
  readonly moved: (item: T, place: number) => void;
}

export class Heap<T extends object> {
  readonly #items: T[] = [];
  readonly #rules: HeapRules<T>;

  constructor(rules: HeapRules<T>) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.removeAt(0);
    return first;
  }

  /** The item at this place leaves; the place is what `moved` told last. */
  removeAt(place: number): void {
    const gone = this.#items[place];
    const last = this.#items.pop();
    if (gone === undefined || last === undefined) return;
    this.#rules.moved(gone, -1);
    if (gone === last) return;
    this.#items[place] = last;
    this.restore(place);
  }

  /** The item at this place has another rank now. */
  restore(place: number): void {
    const item = this.#items[place];
    if (item === undefined) return;
    if (this.#rise(item, place) === place) this.#sink(item, place);
  }

  /** Its items in order, without changing it; the heap must not change meanwhile. Each step costs the logarithm of the steps. */
  *walk(placeOf: (item: T) => number): Generator<T, undefined> {
    const first = this.#items[0];
    const edge = new Heap<T>({ before: this.#rules.before, moved: () => {} });
    if (first !== undefined) edge.push(first);
    for (let item = edge.pop(); item !== undefined; item = edge.pop()) {
      const left = this.#items[2 * placeOf(item) + 1];
      const right = this.#items[2 * placeOf(item) + 2];
      if (left !== undefined) edge.push(left);
      if (right !== undefined) edge.push(right);
      yield item;
    }
    return undefined;
  }

  #rise(item: T, from: number): number {
    let place = from;
    while (place > 0) {
      const up = (place - 1) >> 1;
      const parent = this.#items[up];
      if (parent === undefined || !this.#rules.before(item, parent)) break;
      this.#put(parent, place);
      place = up;
    }
    this.#put(item, place);
    return place;
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const a = this.#items[left];
      if (a === undefined) break;
      const b = this.#items[left + 1];
      const right = b !== undefined && this.#rules.before(b, a);
      const child = right ? b : a;
      if (!this.#rules.before(child, item)) break;
      this.#put(child, place);
      place = right ? left + 1 : left;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#rules.moved(item, place);
  }
}
