/** Loading from a real disk: what is found from where, and what is told when something cannot be read. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadBundle } from "../../../src/declare/load.ts";
import type { Disk } from "../../../src/declare/disk.ts";
import { gatherBundle } from "../../../src/declare/gather.ts";
import type { LoadOptions } from "../../../src/declare/gather.ts";
import { parseBundle } from "../../../src/declare/parse.ts";
import { refused } from "./declared.ts";

/** The disk of a busy machine. */
vi.setConfig({ testTimeout: 20_000 });

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-load-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function options(over: Partial<LoadOptions> = {}): LoadOptions {
  return { env: {}, environmentName: null, cwd: root, stdin: null, ...over };
}

async function told(
  path: string | undefined,
  over: Partial<LoadOptions> = {},
): Promise<readonly string[]> {
  const { bundle, problems } = await loadBundle(path, options(over));
  const parsed = parseBundle(bundle, { environment: {}, found: problems });
  return parsed.ok
    ? []
    : parsed.problems.map(
        ({ file, line, column, message }) => `${file}:${line}:${column} ${message}`,
      );
}

const WEB = "name: web\nimage: i\n";
const API = "name: api\nimage: i\n";

test.each([
  [
    "a key that is spelled with an escape",
    'projects: { a: { image: i } }\n"inclu\\u0064e": [web.yaml]\n',
  ],
  ["a key behind the projects", "projects:\n  a: { image: i }\ninclude: [web.yaml]\n"],
  ["all of it in braces", '{\nprojects: { a: { image: i } },\n"include": [web.yaml] }\n'],
])("an include is found: %s", async (_, text) => {
  write({ "berth.yaml": text, "web.yaml": WEB });
  expect(Object.keys((await loadBundle(undefined, options())).bundle.files)).toContain("web.yaml");
});

test("a project file that only speaks of projects stays one", async () => {
  write({
    "berth.yaml": "host: {}\n",
    "web.yaml": `${WEB}# projects: none\nenv:\n  projects: few\n`,
  });
  const { bundle } = await loadBundle("web.yaml", options());
  expect(Object.keys(bundle.files).toSorted()).toEqual(["berth.yaml", "web.yaml"]);
});

test("a host file brings its includes, each once, and its overlay", async () => {
  write({
    "berth.yaml": "include: [projects/*.yaml, projects/web.yaml, 'more/**/*.yml']\n",
    "berth.prod.yaml": "defaults: { weight: 5 }\n",
    "projects/web.yaml": WEB,
    "projects/api.yaml": API,
    "projects/notes.txt": "no YAML",
    "more/deep/er/docs.yml": "name: docs\nimage: i\n",
  });
  const { bundle, problems } = await loadBundle("berth.yaml", options({ environmentName: "prod" }));
  expect(problems).toEqual([]);
  expect(bundle).toMatchObject({ entry: "berth.yaml", base: root, overlays: ["berth.prod.yaml"] });
  expect(Object.keys(bundle.files)).toEqual([
    "berth.yaml",
    "projects/api.yaml",
    "projects/web.yaml",
    "more/deep/er/docs.yml",
    "berth.prod.yaml",
  ]);
  const parsed = parseBundle(bundle);
  expect(parsed.ok && parsed.declaration.projects["docs"]?.weight).toBe(5);
});

test("without a path the nearest berth.yaml above is taken, else config/berth.yaml", async () => {
  write({ "config/berth.yaml": "{}", "a/b/c/x": "" });
  const deep = { cwd: join(root, "a/b/c") };
  expect((await loadBundle(undefined, options(deep))).bundle.base).toBe(join(root, "config"));
  write({ "a/berth.yaml": "{}" });
  expect((await loadBundle(undefined, options(deep))).bundle.base).toBe(join(root, "a"));
});

test("where nothing is found the error says what to do", async () => {
  await expect(loadBundle("nope.yaml", options())).rejects.toMatchObject({
    kind: "declaration",
    code: "declare.file-missing",
    hint: "check the path given with -f",
  });
});

test("a single project file brings the host file above it, whose projects stay out", async () => {
  write({
    "config/berth.yaml":
      "host: { workspace_roots: [repos] }\ntemplates: { base: { image: t } }\ninclude: [projects/*.yaml]\n",
    "config/berth.prod.yaml": "templates: { base: { weight: 3 } }\n",
    "config/projects/web.yaml": "name: web\nextends: base\nworkspace: { path: repos/web }\n",
    "config/projects/api.yaml": API,
  });
  const { bundle } = await loadBundle(
    "config/projects/web.yaml",
    options({ environmentName: "prod" }),
  );
  const parsed = parseBundle(bundle);
  expect(parsed.ok && Object.keys(parsed.declaration.projects)).toEqual(["web"]);
  expect(parsed.ok && parsed.declaration.projects["web"]).toMatchObject({
    image: "t",
    weight: 3,
    workspace: { kind: "path", path: join(root, "config/repos/web") },
  });
});

test("a directory means its host file, or without one every project file in it", async () => {
  write({
    "plain/web.yaml": WEB,
    "plain/api.yml": API,
    "hosted/config/berth.yaml": "projects: { docs: { image: i } }",
  });
  const plain = parseBundle((await loadBundle("plain", options())).bundle);
  expect(plain.ok && Object.keys(plain.declaration.projects)).toEqual(["api", "web"]);
  const hosted = parseBundle((await loadBundle("hosted", options())).bundle);
  expect(hosted.ok && Object.keys(hosted.declaration.projects)).toEqual(["docs"]);
});

test("project files of a directory inherit from the host file above it, as one alone does", async () => {
  write({
    "config/berth.yaml":
      "host: { workspace_roots: [repos] }\ntemplates: { base: { image: t } }\nprojects: { docs: { image: i } }\n",
    "config/berth.prod.yaml": "defaults: { weight: 3 }\n",
    "config/projects/web.yaml": "name: web\nextends: base\nworkspace: { path: repos/web }\n",
    "config/projects/api.yml": API,
  });
  const { bundle } = await loadBundle("config/projects", options({ environmentName: "prod" }));
  const parsed = parseBundle(bundle);
  expect(refused(bundle, parsed)).toEqual([]);
  expect(parsed.ok && Object.keys(parsed.declaration.projects)).toEqual(["api", "web"]);
  expect(parsed.ok && parsed.declaration.projects["web"]).toMatchObject({
    image: "t",
    weight: 3,
    workspace: { kind: "path", path: join(root, "config/repos/web") },
  });
  write({ "config/projects/more.yaml": "templates: { base: { image: other } }\n" });
  const mixed = await loadBundle("config/projects", options());
  expect(refused(mixed.bundle).join("\n")).toMatch(/more\.yaml:1:1 templates is not a known key/);
});

test("a dash reads standard input, and its includes start here", async () => {
  write({ "projects/web.yaml": WEB });
  const stdin = (async function* () {
    yield "include: [projects/*.yaml]\n";
    yield Buffer.from("projects: { docs: { image: i } }\n");
  })();
  const { bundle } = await loadBundle("-", options({ stdin }));
  const parsed = parseBundle(bundle);
  expect(parsed.ok && Object.keys(parsed.declaration.projects)).toEqual(["docs", "web"]);
});

test("an overlay that is not there is refused, and a name cannot leave the directory", async () => {
  write({ "berth.yaml": "{}" });
  await expect(
    loadBundle("berth.yaml", options({ environmentName: "prod" })),
  ).rejects.toMatchObject({
    code: "declare.file-missing",
    message: "there is no overlay berth.prod.yaml for the environment prod",
  });
  await expect(
    loadBundle("berth.yaml", options({ environmentName: "../x" })),
  ).rejects.toMatchObject({ kind: "usage" });
});

test("includes that cannot be read are told at the include, all of them", async () => {
  write({
    "berth.yaml":
      "include:\n  - gone/*.yaml\n  - gone.yaml\n  - directory\n  - fifo\n  - loop.yaml\n",
    "directory/x": "",
  });
  symlinkSync("loop.yaml", join(root, "loop.yaml"));
  execFileSync("mkfifo", [join(root, "fifo")]);
  expect(await told("berth.yaml")).toEqual([
    "berth.yaml:2:5 include gone/*.yaml does not exist",
    "berth.yaml:3:5 include gone.yaml does not exist",
    "berth.yaml:4:5 directory is not a regular file",
    "berth.yaml:5:5 fifo is not a regular file",
    "berth.yaml:6:5 include loop.yaml is a circle of symbolic links",
  ]);
});

test("a file without permission is told at the include", async () => {
  // A disk of our own: root, who runs most of these tests, may read everything.
  const disk: Disk = {
    kind: (path) => (path.endsWith("berth.yaml") ? "file" : "absent"),
    read: (path) =>
      path.endsWith("berth.yaml")
        ? { ok: true, text: "include: [web.yaml]", brokenAt: null }
        : { ok: false, message: "may not be read" },
    list: () => ({ ok: true, files: ["web.yaml"] }),
  };
  const { problems } = await gatherBundle("berth.yaml", options(), disk);
  expect(problems.map(({ column, message }) => [column, message])).toEqual([
    [11, "web.yaml may not be read"],
  ]);
});

test("bytes that are no text are told where they begin", async () => {
  write({
    "berth.yaml": "include: [latin.yaml, nul.yaml]\n",
    "latin.yaml": Buffer.concat([
      Buffer.from("name: web\nimage: caf"),
      Buffer.from([0xe9]),
      Buffer.from("\n"),
    ]),
    "nul.yaml": "name: api\nimage: i\0\n",
  });
  expect(await told("berth.yaml")).toEqual([
    "latin.yaml:2:8 image must be an image reference such as node:26-bookworm-slim",
    "latin.yaml:2:11 the file is not UTF-8 from here on",
    "nul.yaml:2:9 NUL is not allowed in a declaration",
  ]);
});

test("a byte order mark and Windows line ends are read, and positions stay right", async () => {
  write({ "web.yaml": "\uFEFFname: web\r\nimage: i\r\nweight: 0\r\n" });
  expect(await told("web.yaml")).toEqual(["web.yaml:3:9 weight must be ≥ 1"]);
  write({ "web.yaml": "\uFEFFnmae: web\r\nimage: i\r\n" });
  expect((await told("web.yaml"))[0]).toBe("web.yaml:1:1 name is missing");
});

test("a file past its bound is refused without being read whole", async () => {
  write({ "berth.yaml": "include: [big.yaml]\n", "big.yaml": Buffer.alloc(3 * 2 ** 20, "#") });
  expect(await told("berth.yaml")).toEqual(["big.yaml:1:1 the file is larger than 1MiB"]);
});

test("variables may name includes", async () => {
  write({ "berth.yaml": 'include: ["${WHERE}/*.yaml"]\n', "there/web.yaml": WEB });
  const { bundle } = await loadBundle("berth.yaml", options({ env: { WHERE: "there" } }));
  expect(Object.keys(bundle.files)).toEqual(["berth.yaml", "there/web.yaml"]);
});
