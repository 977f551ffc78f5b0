/** Answers of the host's own tools, read. */
import { expect, test } from "vitest";
import { resolversIn, routesIn, sectionsOf } from "../../../src/docker/firewall-scripts.ts";

test("sections are told apart by their names only", () => {
  const sections = sectionsOf(
    "#tool\niptables v1\n#v4\n-P INPUT ACCEPT\n#resolvers\n# a comment\nnameserver 1.1.1.1\n",
  );
  expect([...sections]).toEqual([
    ["tool", ["iptables v1"]],
    ["v4", ["-P INPUT ACCEPT"]],
    ["resolvers", ["# a comment", "nameserver 1.1.1.1"]],
  ]);
});

test("resolvers are the IPv4 ones a packet must travel to", () => {
  const lines = [
    "# nameserver 9.9.9.9",
    "search x",
    "nameserver 127.0.0.53",
    "nameserver fe80::1",
    "nameserver 10.0.0.2",
    " nameserver 10.0.0.2",
  ];
  expect(resolversIn(lines)).toEqual(["10.0.0.2"]);
});

test("routes of every kind count, but not the default, broadcasts and our own bridges", () => {
  const listing = [
    "default via 192.0.2.1 dev eth0",
    "10.8.0.0/24 via 10.8.0.2 dev tun0 table 52",
    "10.201.0.0/28 dev bm1a2b3c0 proto kernel scope link src 10.201.0.1",
    "local 10.201.0.1 dev bm1a2b3c0 table local",
    "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown",
    "unreachable 10.9.0.0/16",
    "192.168.7.7 via 192.0.2.9 dev eth0",
    "local 192.0.2.2 dev eth0 table local proto kernel scope host src 192.0.2.2",
    "broadcast 192.0.2.255 dev eth0 table local",
    "",
  ].join("\n");
  expect(routesIn(listing, "bm1a2b3c")).toEqual([
    "10.8.0.0/24",
    "10.9.0.0/16",
    "172.17.0.0/16",
    "192.0.2.2/32",
    "192.168.7.7/32",
  ]);
});
