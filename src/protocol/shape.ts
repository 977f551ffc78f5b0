/** Small checks for what came over a wire: is this value of that shape? Extra fields pass, so that versions can differ. */

export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === "string";
export const isCount: Check = (value) => Number.isFinite(value);
export const isFlag: Check = (value) => typeof value === "boolean";
export const isTrue: Check = (value) => value === true;
export const isFalse: Check = (value) => value === false;

/** Null, or what `check` allows. */
export function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

/** Absent, or what `check` allows: fields that came with a later version. */
export function maybe(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** There, whatever it is. */
export const isPresent: Check = (value) => value !== undefined;

/** One of these words. */
export function oneOf(...words: readonly string[]): Check {
  return (value) => typeof value === "string" && words.includes(value);
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** A plain object whose every value passes. */
export function dictOf(check: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(check);
}

/** A plain object with at least these fields, its own. Copies nothing: ten times a second a report of some runner is looked at so. */
export function shapeOf(fields: Readonly<Record<string, Check>>): Check {
  const wanted = Object.entries(fields);
  return (value) =>
    isObject(value) &&
    wanted.every(([name, check]) =>
      check(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined),
    );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
