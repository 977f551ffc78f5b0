/** The firewall as text: what is written, what counts as standing, what is taken away. */
import { expect, test } from "vitest";
import {
  faultsOf,
  guardsForward,
  installText,
  removalText,
  rulesV4,
  rulesV6,
} from "../../../src/docker/firewall-rules.ts";

const NAMES = { install: "main", bridgePrefix: "bm1a2b3c" };
const V4 = rulesV4(NAMES, ["10.0.0.53"]);

/** The listing of a host on which the rules stand as written. */
const STANDING = [
  "-N BERTH-MAIN-IN",
  "-N BERTH-MAIN-FWD",
  "-A INPUT -i bm1a2b3c+ -j BERTH-MAIN-IN",
  "-A DOCKER-USER -i bm1a2b3c+ -j BERTH-MAIN-FWD",
  "-A DOCKER-USER -j RETURN",
  ...Object.entries(V4.chains).flatMap(([chain, rules]) =>
    rules.map((rule) => `-A ${chain} ${rule}`),
  ),
];

test("the text installs everything in one commit", () => {
  expect(installText(V4, [])).toMatchInlineSnapshot(`
    "*filter
    :BERTH-MAIN-IN - [0:0]
    :BERTH-MAIN-FWD - [0:0]
    -A BERTH-MAIN-IN -d 10.0.0.53/32 -p udp -m udp --dport 53 -j RETURN
    -A BERTH-MAIN-IN -d 10.0.0.53/32 -p tcp -m tcp --dport 53 -j RETURN
    -A BERTH-MAIN-IN -j DROP
    -A BERTH-MAIN-FWD -d 10.0.0.53/32 -p udp -m udp --dport 53 -j RETURN
    -A BERTH-MAIN-FWD -d 10.0.0.53/32 -p tcp -m tcp --dport 53 -j RETURN
    -A BERTH-MAIN-FWD -m conntrack --ctstate DNAT -j DROP
    -A BERTH-MAIN-FWD -o bm1a2b3c+ -j DROP
    -A BERTH-MAIN-FWD -d 0.0.0.0/8 -j DROP
    -A BERTH-MAIN-FWD -d 10.0.0.0/8 -j DROP
    -A BERTH-MAIN-FWD -d 100.64.0.0/10 -j DROP
    -A BERTH-MAIN-FWD -d 127.0.0.0/8 -j DROP
    -A BERTH-MAIN-FWD -d 169.254.0.0/16 -j DROP
    -A BERTH-MAIN-FWD -d 172.16.0.0/12 -j DROP
    -A BERTH-MAIN-FWD -d 192.0.0.0/24 -j DROP
    -A BERTH-MAIN-FWD -d 192.168.0.0/16 -j DROP
    -A BERTH-MAIN-FWD -d 198.18.0.0/15 -j DROP
    -A BERTH-MAIN-FWD -d 224.0.0.0/4 -j DROP
    -A BERTH-MAIN-FWD -d 240.0.0.0/4 -j DROP
    -I INPUT 1 -i bm1a2b3c+ -j BERTH-MAIN-IN
    -I DOCKER-USER 1 -i bm1a2b3c+ -j BERTH-MAIN-FWD
    COMMIT
    "
  `);
});

test("IPv6 from our bridges goes nowhere", () => {
  expect(installText(rulesV6(NAMES), [])).toMatchInlineSnapshot(`
    "*filter
    :BERTH-MAIN-IN - [0:0]
    :BERTH-MAIN-FWD - [0:0]
    -A BERTH-MAIN-IN -j DROP
    -A BERTH-MAIN-FWD -j DROP
    -I INPUT 1 -i bm1a2b3c+ -j BERTH-MAIN-IN
    -I FORWARD 1 -i bm1a2b3c+ -j BERTH-MAIN-FWD
    COMMIT
    "
  `);
});

test("rules as written have no fault; each harm is one", () => {
  expect(faultsOf(V4, STANDING)).toEqual([]);
  expect(faultsOf(V4, [])).toHaveLength(4);
  const without = (part: string): string[] => STANDING.filter((line) => !line.includes(part));
  expect(faultsOf(V4, without("169.254"))).toEqual(["chain BERTH-MAIN-FWD was changed"]);
  expect(faultsOf(V4, without("-A INPUT"))).toEqual(["the jump in INPUT is missing"]);
  expect(faultsOf(V4, ["-A INPUT -j ACCEPT", ...STANDING])).toEqual([
    "in INPUT other rules stand before the jump",
  ]);
  expect(faultsOf(V4, [...STANDING, "-A INPUT -i bm1a2b3c+ -j BERTH-MAIN-IN"])).toEqual([
    "the jump in INPUT stands twice",
  ]);
});

test("another install's jump before ours is no fault", () => {
  expect(faultsOf(V4, ["-A INPUT -i bq9+ -j BERTH-OTHER-IN", ...STANDING])).toEqual([]);
});

test("mending takes the old jumps away in the same commit", () => {
  const text = installText(V4, [...STANDING, "-A INPUT -i bm1a2b3c+ -j BERTH-MAIN-IN"]);
  expect(text.match(/^-D INPUT -i bm1a2b3c\+ -j BERTH-MAIN-IN$/gm)).toHaveLength(2);
  expect(text.match(/^-I INPUT 1 /gm)).toHaveLength(1);
});

test("removal names only what is there, and is nothing where nothing is", () => {
  expect(removalText(V4, [])).toBeNull();
  expect(removalText(V4, STANDING)?.split("\n")).toEqual([
    "*filter",
    "-D INPUT -i bm1a2b3c+ -j BERTH-MAIN-IN",
    "-D DOCKER-USER -i bm1a2b3c+ -j BERTH-MAIN-FWD",
    "-F BERTH-MAIN-IN",
    "-F BERTH-MAIN-FWD",
    "-X BERTH-MAIN-IN",
    "-X BERTH-MAIN-FWD",
    "COMMIT",
    "",
  ]);
});

test("a rule that accepts strangers before the engine's chain voids the guard", () => {
  const engine = "-A FORWARD -j DOCKER-USER";
  expect(guardsForward([engine])).toBe(true);
  expect(
    guardsForward(["-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", engine]),
  ).toBe(true);
  expect(guardsForward(["-A FORWARD -i eth0 -j ACCEPT", engine])).toBe(false);
  expect(guardsForward([])).toBe(false);
});
