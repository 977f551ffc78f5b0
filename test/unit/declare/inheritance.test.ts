/** Inheritance: which layer wins, how maps and lists merge, and what goes wrong between layers. */
import { expect, test } from "vitest";
import { parseBundle } from "../../../src/declare/parse.ts";
import { accepted, bundleOf, refused } from "./declared.ts";

function specOf(host: string, file: string, overlay?: string) {
  const files = { "berth.yaml": host, "web.yaml": `name: web\n${file}` };
  const bundle =
    overlay === undefined ? bundleOf(files) : bundleOf({ ...files, "o.yaml": overlay }, ["o.yaml"]);
  return accepted(bundle).declaration.projects["web"];
}

test("template, defaults, project file and overlay win in that order", () => {
  const host = `
templates: { base: { image: t, weight: 1, priority: 1, environment: { A: t, B: t, C: t, D: t } } }
defaults: { weight: 2, environment: { B: d, C: d, D: d } }`;
  const overlay = "projects: { web: { environment: { D: o } } }";
  const spec = specOf(host, "extends: base\nenvironment: { C: p, D: p }", overlay);
  expect(spec).toMatchObject({
    image: "t",
    weight: 2,
    priority: 1,
    environment: { A: "t", B: "d", C: "p", D: "o" },
  });
});

test("maps merge at every depth and lists are replaced", () => {
  const host = `templates: { base: { image: i, secrets: [ONE, TWO], agents: { bot: { command: [a, b, c], replicas: 2 } } } }`;
  const spec = specOf(host, "extends: base\nsecrets: [THREE]\nagents: { bot: { command: [z] } }");
  expect(spec?.secrets).toEqual(["THREE"]);
  expect(spec?.agents["bot"]).toMatchObject({ command: ["z"], replicas: 2 });
});

test("templates extend templates, and the nearer one wins", () => {
  const host = `
templates:
  far: { image: far, weight: 7 }
  near: { extends: far, image: near }`;
  expect(specOf(host, "extends: near")).toMatchObject({ image: "near", weight: 7 });
});

test("a workspace replaces the inherited one whole, because its keys exclude one another", () => {
  const host =
    "host: { workspace_roots: [/src] }\ndefaults: { image: i, workspace: { volume: shared } }";
  expect(specOf(host, "workspace: { path: /src/web }")?.workspace).toEqual({
    kind: "path",
    path: "/src/web",
  });
});

test("a restart word merges like the map it is short for", () => {
  const host =
    "defaults: { image: i, agents: { bot: { command: [x], restart: { policy: always, max: 9 } } } }";
  expect(specOf(host, "agents: { bot: { restart: no } }")?.agents["bot"]?.restart).toMatchObject({
    mode: "no",
    max: 9,
  });
  const word = "defaults: { image: i, agents: { bot: { command: [x], restart: always } } }";
  const spec = specOf(word, "agents: { bot: { restart: { max: 2 } } }");
  expect(spec?.agents["bot"]?.restart).toMatchObject({ mode: "always", max: 2 });
});

test("health none takes an inherited check away, and a map brings one back", () => {
  const host =
    "defaults: { image: i, agents: { bot: { command: [x], health: { command: [t] } } } }";
  expect(specOf(host, "agents: { bot: { health: none } }")?.agents["bot"]?.health).toBeNull();
  const none = "defaults: { image: i, agents: { bot: { command: [x], health: none } } }";
  expect(
    specOf(none, "agents: { bot: { health: { command: [t] } } }")?.agents["bot"]?.health?.command,
  ).toEqual(["t"]);
});

test("templates that extend each other in a circle are refused once, used or not", () => {
  const host =
    "templates:\n  one: { extends: two }\n  two: { extends: three }\n  three: { extends: one }";
  expect(
    refused(bundleOf({ "berth.yaml": host, "web.yaml": "name: web\nextends: two\nimage: i" })),
  ).toEqual(["berth.yaml:2:19 extends goes in a circle: one → two → three → one"]);
});

test("an unknown template is refused where it is named", () => {
  const host = "templates: { node-agent: { image: i }, other: { extends: nod-agent } }";
  expect(
    refused(bundleOf({ "berth.yaml": host, "web.yaml": "name: web\nextends: python" })),
  ).toEqual([
    "berth.yaml:1:58 extends names no template: nod-agent",
    "web.yaml:2:10 extends names no template: python",
  ]);
});

test("one name for two projects is refused at both places", () => {
  const host = "projects: { web: { image: i } }";
  const files = {
    "berth.yaml": host,
    "a.yaml": "name: web\nimage: i",
    "b.yaml": "name: api\nimage: i",
  };
  expect(refused(bundleOf(files))).toEqual([
    "a.yaml:1:7 project web is declared twice",
    "berth.yaml:1:13 project web is declared twice",
  ]);
});

test("an overlay for a project that no file declares is refused", () => {
  const files = {
    "berth.yaml": "projects: { web: { image: i } }",
    "o.yaml": "projects: { wbe: { weight: 2 } }",
  };
  expect(refused(bundleOf(files, ["o.yaml"]))).toEqual([
    "o.yaml:1:13 no file declares project wbe",
  ]);
});

test("a single project file takes the host's settings and templates, not its projects", () => {
  const files = {
    "web.yaml": "name: web\nextends: base",
    "../berth.yaml":
      "host: { overcommit: 2, workspace_roots: [repos] }\ntemplates: { base: { image: i } }\nprojects: { api: { image: i } }",
  };
  const { declaration } = accepted(bundleOf(files));
  expect(Object.keys(declaration.projects)).toEqual(["web"]);
  expect(declaration.host).toMatchObject({ overcommit: 2, workspaceRoots: ["/srv/repos"] });
});

test("whether any file speaks of the host is told, so that an accepted host can stay", () => {
  const told = (files: Readonly<Record<string, string>>, overlays: readonly string[] = []) => {
    const parsed = parseBundle(bundleOf(files, overlays));
    return parsed.ok && parsed.hostDeclared;
  };
  expect(told({ "web.yaml": "name: web\nimage: i" })).toBe(false);
  expect(told({ "berth.yaml": "defaults: { image: i }" })).toBe(false);
  expect(told({ "berth.yaml": "host: { overcommit: 1 }" })).toBe(true);
  expect(told({ "berth.yaml": "{}", "o.yaml": "host: { overcommit: 1 }" }, ["o.yaml"])).toBe(true);
});

test("a single project file without a host file gets the built-in host", () => {
  expect(accepted(bundleOf({ "web.yaml": "name: web\nimage: i" })).declaration.host).toEqual({
    reserve: { cpus: 0.5, memoryBytes: 2 ** 30, diskBytes: 5 * 2 ** 30 },
    networkPool: "10.201.0.0/16",
    overcommit: 1,
    agents: 16,
    strategy: "weighted-round-robin",
    workspaceRoots: [],
  });
});

test.each([
  [
    "defaults: { limits: { agents: 2 } }",
    "berth.yaml:1:31 limits.agents must be ≥ 3, the sum of all replicas of web; it is 2 by defaults (berth.yaml:1)",
  ],
  [
    "templates: { small: { limits: { agents: 1 } } }",
    "berth.yaml:1:41 limits.agents must be ≥ 3, the sum of all replicas of web; it is 1 by template small (berth.yaml:1)",
  ],
])("too few agents by %s is told there, and for whom", (host, told) => {
  const web = `name: web\nimage: i\n${host.startsWith("t") ? "extends: small\n" : ""}agents: { beat: { command: [x], replicas: 3 } }`;
  expect(refused(bundleOf({ "berth.yaml": host, "web.yaml": web }))).toEqual([told]);
});

test("a limit that nobody wrote is called a default, and one that a worker exceeds names its place", () => {
  const agents = (of: string) => `name: web\nimage: i\nagents: { beat: { command: [x], ${of} } }`;
  const told = (host: string, of: string) =>
    refused(bundleOf({ "berth.yaml": host, "web.yaml": agents(of) }));
  expect(told("{}", "replicas: 17")).toEqual([
    "web.yaml:1:7 limits.agents must be ≥ 17, the sum of all replicas of web; it is 16 by default",
  ]);
  expect(told("defaults: { limits: { agents: 2 } }", "on: task, max: 3")).toEqual([
    "web.yaml:3:48 agents.beat.max must be ≤ limits.agents, which is 2 by defaults (berth.yaml:1)",
  ]);
});
