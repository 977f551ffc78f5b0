/** Bundles src/main.ts with every package it uses into dist/, or the folder given: seventy files start in a third of the time of a thousand. */
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { type Plugin, rolldown } from "rolldown";

const OUT = process.argv[2] ?? "dist";
/** What dockerode brings for ssh:// engines and BuildKit sessions: Berth uses neither, and it is a third of all modules. */
const UNUSED = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;

const withoutUnused: Plugin = {
  name: "without-unused",
  resolveId: (specifier) => (UNUSED.test(specifier) ? `\0unused:${specifier}` : null),
  load: (id) => (id.startsWith("\0unused:") ? "export default {};" : null),
};

/** Wherever a module's code ends up, it finds the SQL and Lua that lie beside its source. */
const atItsPlace: Plugin = {
  name: "at-its-place",
  transform(code, id) {
    const path = relative("src", id);
    if (path.startsWith("..") || !code.includes("import.meta.url")) return null;
    return code.replaceAll("import.meta.url", `new URL("${path}", import.meta.url)`);
  },
};

const bundle = await rolldown({
  input: "src/main.ts",
  platform: "node",
  plugins: [withoutUnused, atItsPlace],
});
// CommonJS: as ES modules Node's own would evaluate every export, undici's among them. Not minified: that gained nothing.
const { output } = await bundle.generate({ format: "cjs" });
await bundle.close();

const write = (path: string, text: string): void => {
  mkdirSync(dirname(`${OUT}/${path}`), { recursive: true });
  writeFileSync(`${OUT}/${path}`, text);
};
mkdirSync(OUT, { recursive: true });
for (const old of globSync("!(runner|dashboard)", { cwd: OUT }))
  rmSync(`${OUT}/${old}`, { recursive: true });
write("package.json", `{ "type": "commonjs" }\n`);
for (const each of output) if (each.type === "chunk") write(each.fileName, each.code);
for (const path of globSync("**/*.{sql,lua}", { cwd: "src" }))
  cpSync(`src/${path}`, `${OUT}/${path}`, { recursive: true });
