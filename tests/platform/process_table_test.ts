import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import {
  askPs,
  hasInEnvironment,
  parsePs,
  readProcesses,
  residentBytesOf,
} from "../../kernel/platform/process_table.ts";

test("readProcesses() and askPs() tell the same of a child", async () => {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore", env: { MARK: "here" } });
  try {
    const [own, asked] = [readProcesses(), askPs()].map((table) => table?.find((entry) => entry.pid === child.pid));
    assert.ok(own !== undefined && asked !== undefined);
    assert.deepEqual([own.parent, own.group], [process.pid, child.pid]);
    assert.deepEqual([asked.parent, asked.group], [process.pid, child.pid]);
    assert.ok(Math.abs(asked.started - Date.now()) < 60_000);
    assert.ok(residentBytesOf(own) > 10_000);
    assert.equal(hasInEnvironment(own.pid, "MARK=here"), true);
    assert.equal(hasInEnvironment(own.pid, "MARK=there"), false);
  } finally {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  }
});

test("parsePs() reads the columns of macOS and leaves zombies out", () => {
  const table = parsePs([
    "    1     0     1  12345 Ss   Fri Nov 21 03:52:00 2025    ",
    "  501     1   501   2048 S+   Sat Nov  1 13:02:09 2025",
    "  502   501   501      0 Z+   Sat Nov  1 13:02:10 2025",
    "garbage",
  ].join("\n"));
  assert.deepEqual(table, [
    {
      pid: 1,
      parent: 0,
      group: 1,
      isStopped: false,
      residentBytes: 12345 * 1024,
      started: Date.UTC(2025, 10, 21, 3, 52),
    },
    {
      pid: 501,
      parent: 1,
      group: 501,
      isStopped: false,
      residentBytes: 2048 * 1024,
      started: Date.UTC(2025, 10, 1, 13, 2, 9),
    },
  ]);
});
