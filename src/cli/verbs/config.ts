/** `berth config show`: the effective declaration, every value filled in, and with `--origin` where each comes from. */
import type { Declaration } from "../../model/project.ts";
import { type Context, type Given, usage } from "../context.ts";
import { readDeclaration, withDeclaration } from "../declared.ts";
import { printList, printOne, yamlOf } from "../output.ts";
import type { Verb } from "../verb.ts";

export const config: Verb = {
  output: "formats",
  examples: [
    "berth config show",
    "berth config show web --origin",
    "berth config show --accepted -o json",
  ],
  define: (command) =>
    withDeclaration(command)
      .description(
        "Show what a declaration means once templates, defaults and overlays are applied.",
      )
      .argument("<show>", "the word show")
      .argument("[project...]", "only these projects")
      .option("--origin", "a line a value, with the file and line it comes from")
      .option("--accepted", "the declaration the daemon holds, instead of the files here"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const [word, ...projects] = given.args;
  if (word !== "show")
    throw usage(`berth config has no ${word ?? ""}`, "did you mean berth config show?");
  if (given.flag("accepted")) {
    if (given.flag("origin"))
      throw usage("--origin is about the files here, --accepted about what the daemon holds");
    return showAccepted(context, projects);
  }
  const { declaration, origins } = await readDeclaration(context, given);
  const names = projects.length > 0 ? projects : Object.keys(declaration.projects);
  for (const name of names)
    if (!Object.hasOwn(declaration.projects, name)) throw usage(`no project ${name} is declared`);
  if (!given.flag("origin")) return show(context, { declaration, names });
  const rows = [
    ...(projects.length > 0
      ? []
      : origins.host().map((line) => ({ ...line, path: `host.${line.path}` }))),
    ...names.flatMap((name) =>
      origins.project(name).map((line) => ({ ...line, path: `${name}.${line.path}` })),
    ),
  ];
  await printList(context, rows, {
    name: (row) => row.path,
    empty: "nothing is declared",
    columns: [
      { title: "KEY", cell: (row) => row.path },
      { title: "VALUE", cell: (row) => row.value },
      { title: "FROM", cell: (row) => row.origin },
    ],
  });
  return 0;
}

async function showAccepted(context: Context, projects: readonly string[]): Promise<number> {
  const client = await context.client();
  const { generation, declaration } = await client.config();
  if (declaration === null) throw usage("nothing was applied yet", "berth apply");
  const names = projects.length > 0 ? projects : Object.keys(declaration.projects);
  return show(context, { declaration, names, generation });
}

interface Shown {
  readonly declaration: Declaration;
  readonly names: readonly string[];
  readonly generation?: number;
}

/** In a declaration's own words; as YAML it is one again. */
async function show(context: Context, { declaration, names, generation }: Shown): Promise<number> {
  const { hostShape, projectShape } = await import("../../declare/shape.ts");
  const projects = names.flatMap((name) => {
    const spec = declaration.projects[name];
    return spec === undefined ? [] : [[name, projectShape(spec)] as const];
  });
  const shown = {
    ...(generation === undefined ? {} : { generation }),
    host: hostShape(declaration.host),
    projects: Object.fromEntries(projects),
  };
  const asValues = context.format === "json" || context.format === "ndjson";
  const value = asValues ? shown : withoutVariables(shown);
  await printOne(context, value, { name: names.join("\n"), text: () => yamlOf(value) });
  return 0;
}

/** The same with dollar signs doubled where Berth would read them as its own when this is a file. */
function withoutVariables(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(/\$(?=[${])/g, "$$$$");
  if (Array.isArray(value)) return value.map(withoutVariables);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutVariables(inner)]),
  );
}
