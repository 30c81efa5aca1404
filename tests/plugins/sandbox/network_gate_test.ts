import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Socket as NodeSocket } from "node:net";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { freshSeed, seededRandom } from "../../support/random.ts";
import { pause, soon, until } from "../../support/wait.ts";
import { ask, dial, openTunnel, readToEnd, serveHttp, serveTcp, startGate } from "./network_kit.ts";

const PIECE = new Uint8Array(64 * 1_024);
const MANY_BYTES = 100 * 2 ** 20;

describe("NetworkGate.open()", () => {
  test("gives sandboxes with one list one socket, until the last releases it", async () => {
    await using kit = startGate();
    const first = await kit.gate.open(["b.org:1", "A.org:1"]);
    const second = await kit.gate.open(["a.org:1", "b.org:1", "a.org.:1"]);
    const other = await kit.gate.open(["a.org:1"]);
    assert.equal(first.socketPath, second.socketPath);
    assert.notEqual(first.socketPath, other.socketPath);
    await first.release();
    await first.release();
    assert.ok(existsSync(second.socketPath));
    await second.release();
    assert.ok(!existsSync(dirname(first.socketPath)));
    const again = await kit.gate.open(["b.org:1", "a.org:1"]);
    assert.match(await ask(again.socketPath, "CONNECT c.org:1 HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 403 /);
    await kit.gate.close();
    assert.ok(!existsSync(again.socketPath) && !existsSync(other.socketPath));
    await again.release();
  });

  test("refuses what is no address", async () => {
    await using kit = startGate();
    await assert.rejects(kit.gate.open(["*.example.com:443"]), { name: "ToolError" });
  });

  test("opens anew after a socket that could not be made", async () => {
    await using kit = startGate();
    const { listen } = kit.sockets;
    Object.assign(kit.sockets, { listen: () => Promise.reject(new Error("no room")) });
    await assert.rejects(kit.gate.open(["a.org:1"]), { message: "no room" });
    Object.assign(kit.sockets, { listen });
    assert.ok(existsSync((await kit.gate.open(["a.org:1"])).socketPath));
  });

  test("breaks off what is open when the last releases it", async () => {
    await using service = await serveTcp((socket) => socket.pipe(socket));
    await using kit = startGate();
    const { socketPath, release } = await kit.gate.open([`localhost:${service.port}`]);
    const waiting = await dial(socketPath);
    const tunnel = await openTunnel(socketPath, `localhost:${service.port}`);
    const ends = [waiting, tunnel].map((client) => readToEnd(client.resume()));
    await release();
    assert.deepEqual(await soon(Promise.all(ends)), ["", ""]);
  });
});

describe("a gate", () => {
  test("says which address it refused, and how it is asked for", async () => {
    await using kit = startGate();
    const { socketPath } = await kit.gate.open(["a.org:443", "[::1]:80"]);
    const why = '"evil.org:443" is not granted to this tool: ' +
      'it may ask for grants: {network: ["evil.org:443"]} in its manifest';
    const answer = await ask(socketPath, "CONNECT EVIL.org:443 HTTP/1.1\r\nHost: a.org\r\n\r\n");
    const [head, body] = answer.split("\r\n\r\n");
    assert.deepEqual(head!.split("\r\n").slice(0, 2), [
      `HTTP/1.1 403 ${why}`,
      "Content-Type: text/plain; charset=utf-8",
    ]);
    assert.equal(body, `${why}\nIt reaches [::1]:80, a.org:443\n`);
    for (
      const near of ["a.org:80", "a.org.evil.org:443", "xa.org:443", "127.0.0.1:443", "[::2]:80", "[::ffff:0:1]:80"]
    ) {
      assert.match(await ask(socketPath, `CONNECT ${near} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 403 /, near);
    }
    const posted = `POST http://evil.org/ HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000_000)}`;
    assert.match(await ask(socketPath, posted), /^HTTP\/1\.1 403 "evil\.org:80" is not granted/);
  });

  test("passes a request on to its server, body and all", async () => {
    await using service = await serveHttp(async (request, response) => {
      const { method, url, headers: { host, connection, "proxy-connection": proxied } } = request;
      response.end(JSON.stringify({ method, url, host, connection, proxied, body: await bodyOf(request) }));
    });
    await using kit = startGate({ outside: { "web.org:80": service.port } });
    const { socketPath } = await kit.gate.open(["web.org:80"]);
    const head = "POST http://WEB.org/a?b HTTP/1.1\r\nHost: web.org\r\nProxy-Connection: keep-alive\r\n";
    const told = { method: "POST", url: "/a?b", host: "web.org", connection: "close" };
    const sized = await ask(socketPath, `${head}Content-Length: 5\r\n\r\nhello`);
    assert.deepEqual(JSON.parse(sized.split("\r\n\r\n")[1]!.replace(/^[^{]*|[^}]*$/g, "")), { ...told, body: "hello" });
    const chunked = await ask(socketPath, `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
    assert.match(chunked, /"body":"abc"/);
    assert.match(chunked, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("passes both ways what comes early, and each half ends by itself", async () => {
    await using service = await serveTcp(async (socket) => {
      socket.write("welcome ");
      socket.end((await readToEnd(socket)).toUpperCase());
    });
    await using kit = startGate();
    const target = `localhost:${service.port}`;
    const { socketPath } = await kit.gate.open([target]);
    const client = await dial(socketPath);
    const answer = readToEnd(client);
    client.write(`CONNECT ${target} HTTP/1.1\r\n\r\nearly `);
    await pause(50);
    client.end("late");
    assert.equal((await soon(answer)).split("\r\n\r\n")[1], "welcome EARLY LATE");
    const closing = await openTunnel(socketPath, target);
    const told = readToEnd(closing.resume());
    closing.end();
    assert.equal(await soon(told), "welcome ");
  });

  test("says why an address cannot be reached", async () => {
    await using kit = startGate({ limits: { connectMs: 300 } });
    const service = await serveTcp(() => {});
    await service[Symbol.asyncDispose]();
    const { port } = service;
    const { socketPath } = await kit.gate.open([`127.0.0.1:${port}`, "nowhere.invalid:80"]);
    const refused = await ask(socketPath, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
    const why = `Cannot connect to "127.0.0.1:${port}": nothing listens there`;
    assert.ok(refused.startsWith(`HTTP/1.1 502 Bad Gateway: ${why}\r\n`), refused);
    assert.ok(refused.endsWith(`\r\n\r\n${why}\n`), refused);
    assert.match(await ask(socketPath, "GET http://nowhere.invalid/ HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 50[24] /);
  });

  test("connects to nothing for a client that has gone", async () => {
    await using kit = startGate();
    let connecting: AbortSignal | undefined;
    const connect: typeof kit.sockets.connect = ({ signal }) => {
      connecting = signal;
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    };
    Object.assign(kit.sockets, { connect });
    const { socketPath, release } = await kit.gate.open(["a.org:443"]);
    const client = await dial(socketPath);
    client.write("CONNECT a.org:443 HTTP/1.1\r\n\r\n");
    await until(() => connecting !== undefined);
    await release();
    await until(() => connecting?.aborted);
    client.destroy();
  });

  test("ends what is slow to ask, and what rests", async () => {
    await using service = await serveTcp((socket) => socket.pipe(socket));
    await using kit = startGate({ limits: { headMs: 200, idleMs: 400 } });
    const target = `localhost:${service.port}`;
    const { socketPath } = await kit.gate.open([target]);
    const slow = await dial(socketPath);
    const trickle = setInterval(() => slow.write("G"), 50);
    assert.equal(await soon(readToEnd(slow)), "");
    clearInterval(trickle);
    const tunnel = await openTunnel(socketPath, target);
    const ended = readToEnd(tunnel.resume());
    for (let i = 0; i < 6; i++) {
      tunnel.write("x");
      await pause(100);
    }
    assert.equal(tunnel.destroyed, false);
    assert.equal(await soon(ended), "xxxxxx");
    tunnel.destroy();
    slow.destroy();
  });

  test("serves 256 connections at a time, and tells others", async () => {
    await using service = await serveTcp((socket) => socket.pipe(socket));
    await using kit = startGate();
    const target = `localhost:${service.port}`;
    const { socketPath } = await kit.gate.open([target]);
    const tunnels = await Promise.all(Array.from({ length: 256 }, () => openTunnel(socketPath, target)));
    const busy = "HTTP/1.1 503 Service Unavailable: There are too many connections at a time\r\n";
    assert.ok((await ask(socketPath, `CONNECT ${target} HTTP/1.1\r\n\r\n`)).startsWith(busy));
    const answers = tunnels.map((tunnel, i) => {
      const answer = readToEnd(tunnel.resume());
      tunnel.end(`number ${i}`);
      return answer;
    });
    assert.deepEqual(await soon(Promise.all(answers)), answers.map((_, i) => `number ${i}`));
    await until(async () => (await ask(socketPath, "x\r\n\r\n")).startsWith("HTTP/1.1 400 "));
  });

  test("passes 100 MB each way, and keeps neither sender's bytes", async () => {
    const counted = { sent: 0, received: 0 };
    await using service = await serveTcp((socket) => {
      socket.pause();
      feed(socket, (bytes) => counted.sent += bytes);
      socket.on("data", (bytes) => counted.received += bytes.length).pause();
      setTimeout(() => socket.resume(), 2_000);
    });
    await using kit = startGate();
    const target = `localhost:${service.port}`;
    const { socketPath } = await kit.gate.open([target]);
    const client = await openTunnel(socketPath, target);
    let sent = 0;
    feed(client, (bytes) => sent += bytes);
    await pause(1_000);
    for (const bytes of [sent, counted.sent]) assert.ok(bytes > 0 && bytes < 32 * 2 ** 20, `${bytes} bytes wait`);
    let received = 0;
    client.on("data", (bytes) => received += bytes.length).resume();
    await until(() => received === MANY_BYTES && counted.received === MANY_BYTES, "all bytes");
  });

  test("answers 400 to what it cannot read, whatever it is, and goes on", async () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    await using kit = startGate({ limits: { headMs: 5_000 } });
    const { socketPath } = await kit.gate.open(["a.org:443"]);
    const words = [
      "GET",
      " ",
      "CONNECT",
      "a.org",
      ":443x",
      "http://",
      "\r\n",
      "\n",
      "\0",
      "HTTP/1.1",
      "\xff",
      "Host:",
      "/",
    ];
    const heads = Array.from({ length: 200 }, () => {
      const pieces = Array.from({ length: 1 + random() * 20 }, () => words[Math.floor(random() * words.length)]);
      return Uint8Array.from(`${pieces.join("")}\r\n\r\n`, (it) => it.charCodeAt(0));
    });
    for (let i = 0; i < heads.length; i += 20) {
      const answers = await soon(Promise.all(heads.slice(i, i + 20).map((head) => ask(socketPath, head))));
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 40[03] /, `seed ${seed}`);
    }
    const large = await ask(socketPath, `GET http://a.org/ HTTP/1.1\r\nA: ${"x".repeat(70_000)}\r\n\r\n`);
    assert.match(large, /^HTTP\/1\.1 431 /);
    for (const client of await Promise.all(Array.from({ length: 50 }, () => dial(socketPath)))) {
      client.write("CONNECT a.o");
      client.destroy();
    }
    assert.match(await ask(socketPath, "CONNECT b.org:443 HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 403 /);
    assert.deepEqual(kit.log.take("error"), []);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const bytes of request) body += bytes;
  return body;
}

/** Writes many bytes at the pace of whoever reads, and tells how many were taken. */
function feed(socket: NodeSocket, onSent: (bytes: number) => void): void {
  let left = MANY_BYTES / PIECE.length;
  const send = () => {
    while (left-- > 0) {
      onSent(PIECE.length);
      if (!socket.write(PIECE)) return void socket.once("drain", send);
    }
    socket.end();
  };
  send();
}
