/** How API resources are written down: read-only shapes, and a compile-time proof that a schema and a model type are the same. */
import { z } from "zod";

/** An object of a response: read-only, open to fields a newer daemon adds. */
export function shape<T extends z.ZodRawShape>(fields: T) {
  return z.object(fields).readonly();
}

/** A list of a response. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.array(item).readonly();
}

/** Milliseconds since the epoch. */
export const instant = z.number();

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/**
 * `proves<Model>()(schema)` compiles only if the schema's type and the model's type are assignable both ways, so neither can
 * gain, lose or change a field alone.
 */
export function proves<Model>() {
  return <S extends z.ZodType>(
    schema: S,
    ..._proof: Same<z.output<S>, Model> extends true ? [] : [never]
  ): S => schema;
}
