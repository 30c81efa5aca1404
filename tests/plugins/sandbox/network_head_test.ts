import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import type { Socket } from "../../../kernel/mod.ts";
import { readHead, receiveHead, toBytes } from "../../../plugins/sandbox/network/request_head.ts";
import { freshSeed } from "../../support/random.ts";

test("readHead() reads a tunnel", () => {
  const address = { host: "example.com", port: 443, text: "example.com:443" };
  assert.deepEqual(readHead("CONNECT Example.COM:443 HTTP/1.1\r\nHost: whatever"), { address });
});

test("readHead() writes a request for its server, without what is the proxy's", () => {
  const fields = [
    "hOsT: other.example.com",
    "Proxy-Authorization: Basic eDp5",
    "Proxy-Connection: keep-alive",
    "Connection: X-Own, content-length",
    "X-Own: 1",
    "X-Odd: \xe9\x80",
    "Content-Length: 3",
  ];
  const read = readHead(["POST http://Example.com:8080/a%20b?c=d HTTP/1.1", ...fields].join("\r\n"));
  assert.deepEqual(read, {
    address: { host: "example.com", port: 8080, text: "example.com:8080" },
    head: "POST /a%20b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX-Odd: \xe9\x80\r\nContent-Length: 3\r\n" +
      "Connection: close\r\n\r\n",
  });
});

test("readHead() knows the port of http and an address without a path", () => {
  const firstLine = (request: string) => {
    const read = readHead(`${request} HTTP/1.0`);
    return "head" in read ? `${read.address.text} ${read.head?.split("\r\n")[0]}` : read;
  };
  assert.equal(firstLine("GET http://example.com"), "example.com:80 GET / HTTP/1.0");
  assert.equal(firstLine("GET HTTP://example.com?a"), "example.com:80 GET /?a HTTP/1.0");
  assert.equal(firstLine("OPTIONS http://[::1]"), "[::1]:80 OPTIONS * HTTP/1.0");
});

test("readHead() refuses what could be read in two ways", () => {
  const heads = [
    "",
    "GET / HTTP/1.1",
    "GET https://example.com/ HTTP/1.1",
    "GET ftp://example.com/ HTTP/1.1",
    "GET http://user@example.com/ HTTP/1.1",
    "GET http:///path HTTP/1.1",
    "GET http://example.com/#x HTTP/1.1",
    "GET http://example.com/ HTTP/2",
    "GET  http://example.com/ HTTP/1.1",
    "GET http://example.com/a b HTTP/1.1",
    "CONNECT example.com HTTP/1.1",
    "CONNECT http://example.com:80 HTTP/1.1",
    "GET http://example.com/ HTTP/1.1\r\n folded",
    "GET http://example.com/ HTTP/1.1\r\nName : value",
    "GET http://example.com/ HTTP/1.1\r\nA: b\nHost: c",
    "GET http://example.com/ HTTP/1.1\r\nA: b\rB: c",
    "GET http://example.com/ HTTP/1.1\r\nA: \0",
    "\r\nGET http://example.com/ HTTP/1.1",
  ];
  for (const head of heads) assert.ok("problem" in readHead(head), JSON.stringify(head));
});

test("readHead() never lets a line of its own into what it writes", () => {
  const seed = freshSeed();
  const piece = fc.oneof(
    fc.constantFrom(
      "GET",
      "CONNECT",
      " ",
      "http://",
      "a.org",
      ":80",
      "/",
      "HTTP/1.1",
      "\r\n",
      "\r",
      "\n",
      "Host: b",
      ":",
    ),
    fc.string({ unit: "binary", maxLength: 4 }).map((text) => text.replace(/[^\0-\xff]/g, "")),
  );
  const head = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
  const request = head.map((text) => `GET http://a.org/ HTTP/1.1\r\nA: ${text}`);
  fc.assert(
    fc.property(fc.oneof(head, request), (text) => {
      const read = readHead(text);
      if ("problem" in read || read.head === undefined) return;
      const [first, host, ...fields] = read.head.slice(0, -4).split("\r\n");
      assert.match(first!, /^\S+ (?:\/\S*|\*) HTTP\/1\.[01]$/);
      assert.equal(host, `Host: ${read.address.text.replace(/:80$/, "")}`);
      assert.equal(fields.pop(), "Connection: close");
      for (const field of fields) assert.match(field, /^[^\s:]+:[^\r\n\0]*$/);
      assert.ok(!fields.some((field) => /^(?:host|connection|proxy-[^:]*):/i.test(field)));
    }),
    { seed, numRuns: 2_000 },
  );
});

test("receiveHead() finds the end wherever the pieces break, and keeps what comes after", async () => {
  const head = "CONNECT a.org:1 HTTP/1.1\r\nA: b";
  const whole = `${head}\r\n\r\nafter\r\n\r\nthat`;
  for (let size = 1; size <= whole.length; size++) {
    const pieces = Array.from(
      { length: Math.ceil(whole.length / size) },
      (_, i) => whole.slice(i * size, (i + 1) * size),
    );
    const received = await receiveHead(saying(pieces));
    assert.ok(received !== undefined && received !== "large");
    assert.equal(received.text, head);
    const rest = whole.slice(head.length + 4);
    assert.ok(rest.startsWith(new TextDecoder().decode(received.rest)));
    assert.equal(received.rest.length > 0 || size < 5 || (head.length + 4) % size === 0, true);
  }
});

test("receiveHead() takes 64 KiB and no more", async () => {
  const fill = (length: number) => `GET http://a.org/ HTTP/1.1\r\nA: ${"x".repeat(length)}`;
  const most = 64 * 1_024 - fill(0).length - 4;
  for (const size of [1_000, 100_000]) {
    const cut = (text: string) => text.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const received = await receiveHead(saying(cut(`${fill(most)}\r\n\r\nrest`)));
    assert.ok(received !== undefined && received !== "large");
    assert.equal(await receiveHead(saying(cut(`${fill(most + 1)}\r\n\r\n`))), "large");
  }
  assert.equal(await receiveHead(saying(["GET http://a.org/"])), undefined);
});

function saying(pieces: readonly string[]): Socket {
  const left = pieces.map(toBytes);
  return {
    read: () => Promise.resolve(left.shift()),
    write: () => Promise.resolve(),
    end() {},
    destroy() {},
    closed: new Promise(() => {}),
  };
}
