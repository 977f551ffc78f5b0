/** What a schema expects at a place: the keys of a map, the members of a list, a text kept as written. */
import { z } from "zod";
import { asWritten } from "./text.ts";

/** Any schema of this room; other rooms pass it on without opening it. */
export type Schema = z.core.$ZodType;

export type Expected =
  | Readonly<{ kind: "map"; members: ReadonlyMap<string, Schema> }>
  | Readonly<{ kind: "record"; member: Schema }>
  | Readonly<{ kind: "list"; member: Schema }>
  /** A text even where YAML would read a number. */
  | Readonly<{ kind: "text" }>
  /** A number or a truth value, or one of these or a text. */
  | Readonly<{ kind: "typed" }>
  | Readonly<{ kind: "scalar" }>;

/** What stands at a schema; of alternatives the collection, because a scalar needs no further walking. */
export function expectedAt(schema: Schema): Expected {
  if (asWritten.has(schema)) return { kind: "text" };
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, Schema>> = schema.shape;
    return { kind: "map", members: new Map(Object.entries(shape)) };
  }
  if (schema instanceof z.ZodRecord) return { kind: "record", member: schema.valueType };
  if (schema instanceof z.ZodArray) return { kind: "list", member: schema.element };
  if (schema instanceof z.ZodNumber || schema instanceof z.ZodBoolean) return { kind: "typed" };
  if (schema instanceof z.ZodOptional) return expectedAt(schema.unwrap());
  if (schema instanceof z.ZodPipe) return expectedAt(schema.in);
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.map((option) => expectedAt(option));
    return (
      options.find(({ kind }) => kind !== "scalar" && kind !== "typed") ??
      options.find(({ kind }) => kind === "typed") ?? { kind: "scalar" }
    );
  }
  return { kind: "scalar" };
}

/** Keys beginning so are the operator's own, wherever a map has fixed keys. */
export const EXTENSION = "x-";
