import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../../kernel/mod.ts";
import { temporaryHome } from "../library/kit.ts";
import { sleep } from "./kit.ts";

const FLOOD = `
import json, sys
sys.stdin.readline()
line = json.dumps({"jsonrpc": "2.0", "method": "log", "params": {"level": "warning", "message": "y" * 1000}}) + "\\n"
while True: sys.stdout.write(line)`;

function startServer(home: string): ChildProcessWithoutNullStreams {
  const path = fileURLToPath(new URL("./stdio_server.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  return spawn(process.execPath, [...flags, path, home]);
}

function residentMegabytes(pid: number): number {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

test("a script that logs without end to a client that does not read waits, and fills no memory", {
  timeout: 60_000,
  skip: process.platform === "linux" ? false : "the memory of a process is read from /proc",
}, async () => {
  await using home = await temporaryHome();
  const server = startServer(home.path);
  server.stderr.resume();
  const exited = new Promise((resolve) => server.once("exit", resolve));
  try {
    const answers = new Map<unknown, (result: JsonObject) => void>();
    const lines = createInterface({ input: server.stdout });
    lines.on("line", (line) => {
      const { id, result } = JSON.parse(line);
      answers.get(id)?.(result);
    });
    const ask = (id: number, method: string, params: JsonObject) => {
      server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      return new Promise<JsonObject>((resolve) => answers.set(id, resolve));
    };
    const clientInfo = { name: "slow", version: "1.0.0" };
    await ask(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    server.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    const script = { name: "flood", description: "x", interpreter: "python3", code: FLOOD, timeout_ms: 6_000 };
    assert.ok(!(await ask(2, "tools/call", { name: "register_script", arguments: script }))["isError"]);
    const before = residentMegabytes(server.pid!);
    const flooded = ask(3, "tools/call", { name: "flood", arguments: {} });
    server.stdout.pause();
    await sleep(4_500);
    const more = residentMegabytes(server.pid!) - before;
    assert.ok(more < 200, `it takes ${Math.round(more)} MB more`);
    server.stdout.resume();
    assert.equal((await flooded)["isError"], true);
  } finally {
    server.kill();
    await exited;
  }
});
