import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { connect, createServer, type Server, type Socket as NodeSocket } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Kernel, type Socket, Sockets } from "../../kernel/mod.ts";
import { createEdgePlatform } from "../../kernel/platform/edge.ts";
import { detectPlatform } from "../../kernel/platform/mod.ts";
import { createSockets } from "../../kernel/platform/sockets.ts";
import { pause, soon, until } from "../support/wait.ts";
import { temporaryFolder } from "./temporary.ts";

const HAS_UNIX_SOCKETS = process.platform === "win32" ? "no Unix sockets here" : false;
const PIECE = new Uint8Array(64 * 1_024);

test("Sockets.listen() makes a socket that only its owner reaches", { skip: HAS_UNIX_SOCKETS }, async () => {
  await using sockets = owned();
  const { path, close } = await sockets.value.listen((socket) => socket.destroy());
  assert.ok(path.length < 100, path);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await close();
  assert.equal(existsSync(dirname(path)), false);
});

test(
  "Sockets.listen() keeps its path short where the temporary folder is deep",
  { skip: HAS_UNIX_SOCKETS },
  async () => {
    await using folder = await temporaryFolder();
    await using sockets = owned();
    const deep = join(folder.path, "x".repeat(100));
    await mkdir(deep);
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = deep;
    try {
      const { path } = await sockets.value.listen((socket) => socket.destroy());
      assert.ok(path.length < 100, path);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  },
);

test("Socket.end() leaves the other half open", { skip: HAS_UNIX_SOCKETS }, async () => {
  await using sockets = owned();
  const { path } = await sockets.value.listen(async (socket) => {
    const received = await readAll(socket);
    await socket.write(new TextEncoder().encode(`read ${received}`));
    socket.end();
  });
  const client = connect({ path, allowHalfOpen: true });
  client.end("all of it");
  let answer = "";
  client.on("data", (bytes) => answer += bytes);
  await soon(new Promise((resolve) => client.once("close", resolve)));
  assert.equal(answer, "read all of it");
});

test("Sockets.connect() reaches a name, with both halves", async () => {
  await using sockets = owned();
  await using server = await listen((socket) => socket.pipe(socket));
  for (const host of ["127.0.0.1", "localhost"]) {
    const socket = await sockets.value.connect({ host, port: server.port });
    await socket.write(new TextEncoder().encode("echo"));
    socket.end();
    assert.equal(await soon(readAll(socket)), "echo");
    await soon(socket.closed);
  }
});

test("Sockets.connect() says why there is no connection", async () => {
  await using sockets = owned();
  const { port } = await closedPort();
  await assert.rejects(sockets.value.connect({ host: "127.0.0.1", port }), {
    message: `Cannot connect to "127.0.0.1:${port}": nothing listens there`,
  });
  await assert.rejects(sockets.value.connect({ host: "nowhere.invalid", port }), {
    message: /^Cannot connect to "nowhere\.invalid:\d+": its name /,
  });
});

test("Sockets.connect() ends with its signal", async () => {
  await using sockets = owned();
  const reason = new Error("no more");
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(sockets.value.connect({ host: "127.0.0.1", port: 1, signal: aborted }), reason);
  const controller = new AbortController();
  const connecting = sockets.value.connect({ host: "nowhere.invalid", port: 1, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(connecting, reason);
});

// its queue is full with one connection, which it never takes
const FULL = `import socket, sys
server = socket.create_server(("127.0.0.1", 0), backlog=0)
port = server.getsockname()[1]
first = socket.create_connection(("127.0.0.1", port))
print(port, flush=True)
sys.stdin.read()`;

test("Sockets.connect() gives up in time", { skip: process.platform !== "linux" && "queues differ" }, async () => {
  await using sockets = owned();
  const child = spawn("python3", ["-c", FULL], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const port = await soon(new Promise<number>((resolve) => child.stdout.once("data", (it) => resolve(Number(it)))));
    const connecting = sockets.value.connect({ host: "127.0.0.1", port, timeoutMs: 200 });
    const message = `Waited 200 ms in vain for "127.0.0.1:${port}"`;
    await assert.rejects(soon(connecting), { name: "TimeoutError", message });
  } finally {
    child.stdin.end();
    await new Promise((resolve) => child.once("exit", resolve));
  }
});

test("Socket.write() waits for whoever reads", async () => {
  await using sockets = owned();
  let peer: NodeSocket | undefined;
  await using server = await listen((socket) => peer = socket.pause());
  const socket = await sockets.value.connect({ host: "127.0.0.1", port: server.port });
  let written = 0;
  const writing = (async () => {
    for (let i = 0; i < 1_000; i++) {
      await socket.write(PIECE);
      written += PIECE.length;
    }
    socket.end();
  })();
  await untilSteady(() => written);
  assert.ok(written < 24 * 2 ** 20, `${written} bytes were taken by nobody`);
  let read = 0;
  peer!.on("data", (bytes) => read += bytes.length).resume();
  await soon(writing);
  await until(() => read === 1_000 * PIECE.length);
});

test("Socket.read() keeps the sender waiting", async () => {
  await using sockets = owned();
  let sent = 0;
  await using server = await listen((socket) => {
    const send = () => {
      while (sent < 1_000 * PIECE.length) {
        sent += PIECE.length;
        if (!socket.write(PIECE)) return void socket.once("drain", send);
      }
      socket.end();
    };
    send();
  });
  const socket = await sockets.value.connect({ host: "127.0.0.1", port: server.port });
  await untilSteady(() => sent);
  assert.ok(sent < 24 * 2 ** 20, `${sent} bytes were sent to nobody`);
  let read = 0;
  for (let bytes = await socket.read(); bytes !== undefined; bytes = await socket.read()) read += bytes.length;
  assert.equal(read, 1_000 * PIECE.length);
});

test("Socket.destroy() and a peer that breaks off are errors to whoever waits", async () => {
  await using sockets = owned();
  let peer: NodeSocket | undefined;
  await using server = await listen((socket) => peer = socket);
  const open = () => sockets.value.connect({ host: "127.0.0.1", port: server.port });
  const own = await open();
  const reading = assert.rejects(own.read());
  own.destroy();
  await soon(reading);
  await soon(own.closed);
  await assert.rejects(own.write(PIECE));
  const reset = await open();
  await until(() => peer !== undefined && !peer.destroyed);
  const failing = assert.rejects((async () => {
    for (;;) await reset.write(PIECE);
  })());
  peer!.destroy();
  await soon(failing);
  await soon(reset.closed);
});

test("detectPlatform() gives sockets that end with the kernel", { skip: HAS_UNIX_SOCKETS }, async () => {
  await using folder = await temporaryFolder();
  await using server = await listen((socket) => socket.pipe(socket));
  const kernel = await new Kernel().use(await detectPlatform({ home: folder.path })).start();
  const sockets = kernel.get(Sockets)!;
  const { path } = await sockets.listen(() => {});
  const client = connect({ path, allowHalfOpen: true });
  client.on("error", () => {});
  const isClosed = new Promise((resolve) => client.once("close", resolve));
  await new Promise<void>((resolve) => client.once("connect", resolve));
  client.resume();
  const socket = await sockets.connect({ host: "127.0.0.1", port: server.port });
  await kernel.stop();
  await soon(socket.closed);
  client.end();
  await soon(isClosed);
  assert.equal(existsSync(dirname(path)), false);
  await using edge = await new Kernel().use(createEdgePlatform()).start();
  assert.equal(edge.get(Sockets), undefined);
});

function owned() {
  const value = createSockets();
  return { value, [Symbol.asyncDispose]: () => value.close() };
}

async function readAll(socket: Socket): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for (let bytes = await socket.read(); bytes !== undefined; bytes = await socket.read()) {
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

/** Waits until a number has changed once, and then no more. */
async function untilSteady(read: () => number): Promise<void> {
  await until(() => read() > 0);
  for (let last = -1; last !== read();) {
    last = read();
    await pause(300);
  }
}

async function listen(onConnection: (socket: NodeSocket) => void) {
  const open = new Set<NodeSocket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  const port = await portOf(server);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function closedPort(): Promise<{ port: number }> {
  const server = createServer();
  const port = await portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return { port };
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}
