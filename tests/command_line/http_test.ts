import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SHOUT_JS, TROUBLE_JS } from "./fixtures.ts";
import { callOf } from "./messages.ts";
import { makeFolder, type Running, runProgram, startProgram, type TestFolder } from "./program.ts";

async function makeHome(): Promise<TestFolder> {
  const home = await makeFolder();
  await home.write("shout.js", SHOUT_JS);
  await home.write("trouble.js", TROUBLE_JS);
  await home.write("collet.json", JSON.stringify({ plugins: { "./shout.js": {}, "./trouble.js": {} } }));
  return home;
}

const HTTP = ["--transport", "http", "--port", "0"];

async function addressOf(running: Running): Promise<string> {
  return (await running.seen("stderr", /^listening on (http:\/\/\S+:\d+)$/m))[1]!;
}

async function post(url: string, message: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return await fetch(`${url}/message`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(message),
  });
}

describe("collet over HTTP", () => {
  test("says where it listens, and shows the token that it made once", async () => {
    await using home = await makeHome();
    let kept: string;
    {
      await using running = await startProgram(HTTP, { home: home.path });
      const url = await addressOf(running);
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      const [, shown] = await running.seen("stderr", /shown this once: (\S+)\n/);
      kept = (await readFile(join(home.path, "token"), "utf8")).trim();
      assert.equal(shown, kept);
      assert.ok(running.stderr().includes(`${url}/mcp`));
      assert.equal(running.stdout(), "");
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
    }
    await using again = await startProgram(HTTP, { home: home.path });
    await addressOf(again);
    await again.seen("stderr", /token: kept in/);
    assert.equal(again.stderr().includes(kept), false);
  });

  test("answers who shows the token, and nobody else", async () => {
    await using home = await makeHome();
    await using running = await startProgram(HTTP, { home: home.path, env: { COLLET_TOKEN: "sesame" } });
    const url = await addressOf(running);
    const message = callOf(1, "shout", { text: "hi" });
    assert.equal((await post(url, message)).status, 401);
    assert.equal((await post(url, message, { authorization: "Bearer wrong" })).status, 401);
    const answer = await post(url, message, { authorization: "Bearer sesame" });
    assert.match(await answer.text(), /HI!/);
    assert.equal(running.stderr().includes("sesame"), false);
    await assert.rejects(readFile(join(home.path, "token")), "a given token must not be kept");
  });

  test("answers everybody on this machine with --no-token", async () => {
    await using home = await makeHome();
    await using running = await startProgram([...HTTP, "--no-token"], { home: home.path });
    const answer = await post(await addressOf(running), callOf(1, "shout", { text: "hi" }));
    assert.match(await answer.text(), /HI!/);
  });

  test("hides the reason of an unexpected error", async () => {
    await using home = await makeHome();
    await using running = await startProgram([...HTTP, "--no-token"], { home: home.path });
    const text = await (await post(await addressOf(running), callOf(1, "fail"))).text();
    assert.match(text, /Tool \\"fail\\" failed/);
    assert.doesNotMatch(text, /its own fault/);
    await running.seen("stderr", /its own fault/);
  });

  test("refuses foreign hosts and origins, unless they are allowed", async () => {
    await using home = await makeHome();
    await using running = await startProgram(
      [...HTTP, "--no-token", "--allowed-origins", "https://app.example", "--allowed-hosts", "127.0.0.1"],
      { home: home.path },
    );
    const url = await addressOf(running);
    const message = callOf(1, "shout", { text: "hi" });
    assert.equal((await post(url, message, { origin: "https://evil.example" })).status, 403);
    assert.equal((await post(url, message, { origin: "https://app.example" })).status, 200);
    assert.equal((await post(url.replace("127.0.0.1", "localhost"), message)).status, 403);
  });

  test("listens for others only with an explicit token, and then by any name", async () => {
    await using home = await makeHome();
    const refused = await runProgram([...HTTP, "--host", "0.0.0.0"], { home: home.path });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Cannot serve HTTP on 0\.0\.0\.0: .*no token was given\n {2}fix: set COLLET_TOKEN/);
    const open = await runProgram([...HTTP, "--host", "0.0.0.0", "--no-token"], { home: home.path });
    assert.equal(open.code, 1);
    assert.match(open.stderr, /Cannot use --no-token with host "0\.0\.0\.0"/);

    const env = { COLLET_TOKEN: "sesame" };
    await using running = await startProgram([...HTTP, "--host", "0.0.0.0"], { home: home.path, env });
    const { port } = new URL(await addressOf(running));
    const headers = { authorization: "Bearer sesame" };
    const answer = await post(`http://127.0.0.1:${port}`, callOf(1, "shout", { text: "hi" }), headers);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  });

  test("says when the port is taken, and what to do", async () => {
    await using home = await makeHome();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const args = ["-t", "http", "--no-token", "--port", String(port)];
      const { code, stderr } = await runProgram(args, { home: home.path });
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`error\\[PORT_UNAVAILABLE\\] Cannot listen on http://127.0.0.1:${port}: the port is taken`),
      );
      assert.match(stderr, /fix: .*--port 0/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("says when the host is no address of this machine", async () => {
    await using home = await makeHome();
    // TEST-NET-1 (RFC 5737)
    const { code, stderr } = await runProgram([...HTTP, "--host", "192.0.2.1"], {
      home: home.path,
      env: { COLLET_TOKEN: "sesame" },
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error\[PORT_UNAVAILABLE\] Cannot listen on http:\/\/192\.0\.2\.1:0: the address cannot be used/,
    );
  });

  test("ends cleanly by SIGTERM, with a call in flight and an open stream", async () => {
    await using home = await makeHome();
    await using running = await startProgram([...HTTP, "--no-token"], { home: home.path });
    const url = await addressOf(running);
    const stream = await fetch(`${url}/sse`);
    const answer = post(url, callOf(1, "sleep")).then((response) => response.text(), () => "cut");
    await running.seen("stderr", /CHILD \d+/);
    running.signal("SIGTERM");
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    assert.match(await answer, /isError|cut/);
    await stream.text().catch(() => "cut");
    assert.doesNotMatch(stderr, /error/);
  });
});
