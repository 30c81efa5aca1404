import assert from "node:assert/strict";
import { test } from "node:test";
import { readAddress, readAllowList } from "../../../plugins/sandbox/network/address.ts";
import { planNetwork } from "../../../plugins/sandbox/network/plan.ts";

test("readAddress() gives one text to all ways to write an address", () => {
  const written: Readonly<Record<string, readonly string[]>> = {
    "db.example.com:5432": ["DB.Example.com:5432", "db.example.com.:5432", "db.example.com:05432"],
    "127.0.0.1:80": ["127.0.0.1:80", "127.1:80", "0x7f.1:80", "2130706433:80"],
    "[::1]:8080": ["[::1]:8080", "[0:0:0:0:0:0:0:1]:8080", "[0::1]:8080"],
    "[::ffff:7f00:1]:80": ["[::ffff:127.0.0.1]:80"],
    "my_db:1": ["my_db:1"],
  };
  for (const [text, ways] of Object.entries(written)) {
    for (const way of ways) assert.equal(readAddress(way)?.text, text, way);
  }
  assert.deepEqual(readAddress("[2001:db8::1]:443"), { host: "2001:db8::1", port: 443, text: "[2001:db8::1]:443" });
});

test("readAddress() takes nothing else", () => {
  const wrong = [
    "",
    "host",
    "host:",
    ":80",
    "host:0",
    "host:65536",
    "host:80:80",
    "::1:80",
    "[::1]",
    "[::1:80",
    "a b:80",
  ];
  const tricky = [
    "user@host:80",
    "host/path:80",
    "a%2fb:80",
    "host?:80",
    "h#:80",
    "*.example.com:443",
    "[fe80::1%lo]:80",
  ];
  for (const text of [...wrong, ...tricky, "a,b:80", 'a"b:80']) assert.equal(readAddress(text), undefined, text);
});

test("readAllowList() names what is no address", () => {
  assert.throws(() => readAllowList(["a:1", "https://a"]), {
    name: "ToolError",
    message:
      'Cannot open the network to "https://a": expected "host:port", such as "api.example.com:443" or "[::1]:8080"',
  });
  assert.deepEqual(readAllowList(["b:1", "A:1", "a.:1"]).map(({ text }) => text), ["a:1", "b:1"]);
});

test("planNetwork() gives names with free ports an address of their own", () => {
  const { forwards, hostsLines } = planNetwork([
    "db.example.com:5432",
    "db.example.com:443",
    "b.org:8080",
    "c.org:443",
  ]);
  assert.deepEqual(hostsLines, ["127.0.1.1 b.org", "127.0.1.2 db.example.com"]);
  assert.deepEqual(forwards, [
    { address: "127.0.1.1", port: 8080, target: "b.org:8080" },
    { address: "127.0.1.2", port: 5432, target: "db.example.com:5432" },
  ]);
});

test("planNetwork() leads loopback addresses to themselves, and others nowhere", () => {
  const list = ["localhost:8080", "127.0.0.1:8080", "127.0.1.1:9000", "[::1]:9001", "10.0.0.1:9002", "x.org:9003"];
  const { forwards, hostsLines } = planNetwork([...list, "localhost:80"]);
  assert.deepEqual(forwards, [
    { address: "127.0.0.1", port: 8080, target: "127.0.0.1:8080" },
    { address: "127.0.1.1", port: 9000, target: "127.0.1.1:9000" },
    { address: "::1", port: 9001, target: "[::1]:9001" },
    { address: "127.0.1.2", port: 9003, target: "x.org:9003" },
  ]);
  assert.deepEqual(hostsLines, ["127.0.1.2 x.org"]);
});

test("planNetwork() has addresses for many names", () => {
  const names = Array.from({ length: 600 }, (_, i) => `h${i}.example.com:8080`);
  const { forwards } = planNetwork(names);
  const addresses = forwards.map(({ address }) => address);
  assert.equal(new Set(addresses).size, 600);
  assert.ok(addresses.every((it) => /^127\.0\.[1-3]\.(?!0$|255$)\d{1,3}$/.test(it)));
  assert.deepEqual([addresses[0], addresses[253], addresses[254]], ["127.0.1.1", "127.0.1.254", "127.0.2.1"]);
});

test("planNetwork() gives the proxy a port that nothing else has", () => {
  const { proxyPort, env } = planNetwork(["localhost:61080", "127.0.0.1:61081"]);
  assert.equal(proxyPort, 61_082);
  for (const name of ["http_proxy", "https_proxy", "all_proxy"]) {
    assert.equal(env[name], "http://127.0.0.1:61082");
    assert.equal(env[name.toUpperCase()], env[name]);
  }
  assert.equal(env["NO_PROXY"], env["no_proxy"]);
});

test("planNetwork() lets programs pass by the proxy where every port is forwarded", () => {
  const direct = (...list: string[]) => planNetwork(list).env["no_proxy"]!.split(",");
  const own = ["localhost", "127.0.0.1", "::1", "[::1]"];
  assert.deepEqual(direct(), own);
  assert.deepEqual(direct("db.org:5432", "127.0.0.7:8080", "[::1]:8080"), [...own, "127.0.0.7", "db.org"]);
  // a port that cannot be forwarded is reached by the proxy, and then all of its host are
  assert.deepEqual(direct("db.org:5432", "db.org:443", "localhost:80"), ["127.0.0.1", "::1", "[::1]"]);
  // an entry holds for all names that end so
  assert.deepEqual(direct("db.org:5432", "www.db.org:443"), own);
  assert.deepEqual(direct("[::1]:80"), ["localhost", "127.0.0.1"]);
  // Ruby reads the last part of an IPv6 address alone
  assert.deepEqual(direct("10.0.0.1:8080"), ["localhost", "127.0.0.1", "[::1]"]);
});
