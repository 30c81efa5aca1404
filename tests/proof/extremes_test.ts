import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { soon } from "../support/wait.ts";
import { assertServed } from "./clients.ts";
import { ask, messagesIn, postRequest, type RawRequest } from "./http_wire.ts";
import { assertLineServed, LineClient } from "./line_client.ts";
import { startHttp, startStdio } from "./served_program.ts";

const LIMIT = 16 * 1024 * 1024;
const ID = 7;
const ANSWER_MS = 15_000;

/** Makes a call of `echo` whose value is some text; what is around it is `room` bytes. */
function echoOf(value: string): string {
  return `{"jsonrpc":"2.0","id":${ID},"method":"tools/call","params":{"name":"echo","arguments":{"value":${value}}}}`;
}

const ROOM = echoOf("").length;
const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}0${close.repeat(depth)}`;

/** Messages at the limit of 16 MiB and beyond; whether they have an id that is read, where that is certain. */
const EXTREMES: Readonly<Record<string, { readonly text: () => string; readonly isReadable?: boolean }>> = {
  "a text as long as may be": { text: () => echoOf(`"${"x".repeat(LIMIT - ROOM - 2)}"`), isReadable: true },
  "a text one byte longer": { text: () => echoOf(`"${"x".repeat(LIMIT - ROOM - 1)}"`), isReadable: false },
  "a text twice as long": { text: () => echoOf(`"${"x".repeat(LIMIT * 2)}"`), isReadable: false },
  "brackets that close": { text: () => echoOf(nested("[", "]", 5_000_000)) },
  "braces that close": { text: () => echoOf(nested('{"a":', "}", 2_000_000)) },
  "brackets as deep as a stack may be": { text: () => echoOf(nested("[", "]", 5_000)) },
  "brackets that never close": { text: () => "[".repeat(LIMIT - 10), isReadable: false },
  "braces that never close": { text: () => '{"a":'.repeat(3_000_000), isReadable: false },
  "a list of a million numbers": { text: () => echoOf(`[${"1,".repeat(1_000_000)}1]`), isReadable: true },
  "an object of half a million keys": {
    text: () => echoOf(`{${Array.from({ length: 500_000 }, (_, i) => `"k${i}":1`).join()}}`),
    isReadable: true,
  },
  "a batch of a hundred thousand": {
    text: () => `[${Array.from({ length: 100_000 }, (_, i) => `{"jsonrpc":"2.0","id":${i},"method":"ping"}`).join()}]`,
    isReadable: false,
  },
};

/** Puts a body into chunks of 64 KiB, so that its length is not known before. */
function chunked(request: RawRequest): RawRequest {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < request.body.length; at += 65_536) {
    const part = request.body.subarray(at, at + 65_536);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  const headers = request.headers.filter(([name]) => name !== "content-length");
  const body = Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
  return { ...request, headers: [...headers, ["transfer-encoding", "chunked"]], body };
}

describe("messages of extreme size and depth", () => {
  test("are answered or refused over HTTP, and change nothing", async () => {
    await using server = await startHttp();
    const { port } = server;
    for (const [title, { text, isReadable }] of Object.entries(EXTREMES)) {
      // a connection that is to be closed may be reset before the answer to what is too long has been read
      const request = postRequest(port, text(), { target: "/message", headers: { connection: "keep-alive" } });
      for (const way of [request, chunked(request)]) {
        const response = await ask(port, way, ANSWER_MS);
        const messages = messagesIn(response);
        const told = `${title}: ${response.status} ${response.body.slice(0, 300)}`;
        assert.ok([200, 400, 413].includes(response.status), told);
        if (isReadable === true) assert.deepEqual(messages.map((it) => it.id), [ID], told);
        if (isReadable === false) {
          assert.ok(response.status >= 400 && messages.every((it) => it.error !== undefined), told);
        }
        await soon(assertServed(port), `the next client after ${title}`);
        server.assertWell();
      }
    }
    await server.stop();
  });

  test("are answered or refused over stdio, and change nothing", async () => {
    await using server = await startStdio();
    const client = new LineClient(server);
    await client.open();
    for (const [title, { text, isReadable }] of Object.entries(EXTREMES)) {
      client.take();
      client.write(Buffer.from(`${text()}\n`));
      const isAnswered = await client.wait((messages) => messages.some((it) => it.method === undefined), ANSWER_MS);
      assert.ok(isAnswered, title);
      if (isReadable) assert.deepEqual(client.take().map((it) => it.id), [ID], title);
      await soon(assertLineServed(client, "2025"), `the next request after ${title}`);
      server.assertWell();
    }
    await server.stop();
  });
});
