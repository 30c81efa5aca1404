import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { createEdgeEnvironment } from "../../kernel/platform/edge.ts";
import { detectEnvironment } from "../../kernel/platform/mod.ts";

function withVariable(name: string, value: string | undefined, run: () => Promise<void>): Promise<void> {
  const before = process.env[name];
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
  return run().finally(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

test("detectEnvironment() tells the runtime, its program and its number", async () => {
  const environment = await detectEnvironment();
  const expected = "Deno" in globalThis ? "deno" : process.versions["bun"] === undefined ? "node" : "bun";
  assert.equal(environment.runtime, expected);
  assert.match(environment.runtimeVersion, /^\d+\.\d+\.\d+/);
  assert.equal(environment.executable, process.execPath);
  assert.equal(environment.pid, process.pid);
  assert.equal(environment.cwd, process.cwd());
  assert.equal(environment.userHome, homedir());
});

test("detectEnvironment() finds the home: the option, COLLET_HOME, the default", async () => {
  await withVariable("COLLET_HOME", "~/named", async () => {
    assert.equal((await detectEnvironment({ home: "/given" })).home, "/given");
    assert.equal((await detectEnvironment()).home, join(homedir(), "named"));
  });
  await withVariable("COLLET_HOME", "", async () => {
    assert.equal((await detectEnvironment()).home, join(homedir(), ".collet"));
  });
  await assert.rejects(detectEnvironment({ home: "a\0b" }), { code: "OPTION_INVALID" });
});

test("Environment.expand() makes paths absolute", async () => {
  const { expand } = await detectEnvironment();
  assert.equal(expand("~"), homedir());
  assert.equal(expand("~/a/../b"), join(homedir(), "b"));
  assert.equal(expand("~user"), resolve("~user"));
  assert.equal(expand("a"), join(process.cwd(), "a"));
  assert.equal(expand("/a/./b/"), "/a/b");
});

test("Environment.variables() lists by prefix", async () => {
  await withVariable("COLLET_LISTED_A", "1", async () => {
    const environment = await detectEnvironment();
    assert.equal(environment.variable("COLLET_LISTED_A"), "1");
    assert.equal(environment.variable("COLLET_LISTED_ABSENT"), undefined);
    assert.deepEqual(environment.variables("COLLET_LISTED_"), { COLLET_LISTED_A: "1" });
  });
});

test("createEdgeEnvironment() knows what it is told, and nothing of Object.prototype", () => {
  const environment = createEdgeEnvironment({ A_KEY: "1", B: "2" });
  assert.equal(environment.variable("A_KEY"), "1");
  assert.equal(environment.variable("constructor"), undefined);
  assert.deepEqual(environment.variables("A_"), { A_KEY: "1" });
  assert.equal(environment.expand("~"), "/");
  assert.equal(environment.expand("~/a"), "/a");
  assert.equal(environment.expand("/a/b"), "/a/b");
});
