/**
 * Limits and permissions that scripts ask for, or that the ceiling sets: real scripts go beyond them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { ToolResult } from "../../../kernel/mod.ts";
import { shipped } from "../../../plugins/mod.ts";
import { until } from "../../support/wait.ts";
import { hasProgram, temporaryFolder, withVariables } from "../dependencies/kit.ts";
import { assertNoProcess } from "./kit.ts";
import { ceilingOf, refused, startGranting, succeed, toolInside } from "./granting.ts";

const LINUX = process.platform === "linux";

/** Takes memory, time or processes, and answers if it is let. The sums are bounded, should nothing stop it. */
const GREEDY = {
  space: `
import time
held = bytearray(300 * 2 ** 20)
for i in range(0, len(held), 4096): held[i] = 1
time.sleep(5)
print("had it")`,
  cpu: `
import time
end = time.time() + 20
while time.time() < end: pass
print("had it")`,
  processes: `
import subprocess, time
children = [subprocess.Popen(["sleep", "31.7"]) for _ in range(8)]
time.sleep(5)
for child in children: child.kill()
print("had it")`,
  time: `
import time
time.sleep(20)
print("had it")`,
};

const EXPECTED: Readonly<Record<keyof typeof GREEDY, RegExp>> = {
  space: /^Script "space" took more memory than its limit, and was ended/,
  cpu: /^Script "cpu" took more CPU time than its limit, and was ended/,
  processes: /^Script "processes" started more processes than its limit, and was ended/,
  time: /^Script "time" did not answer within its time limit, and was ended/,
};
const KINDS = Object.keys(GREEDY) as (keyof typeof GREEDY)[];
/** What each may have. */
const TIGHT = { memory_mb: 150, cpu_seconds: 1, processes: 4, timeout_ms: 1_000 };
const FIELDS = { space: "memory_mb", cpu: "cpu_seconds", processes: "processes", time: "timeout_ms" } as const;

describe("limits of scripts", { skip: LINUX ? false : "limits are measured on Linux" }, () => {
  for (const kind of KINDS) {
    const field = FIELDS[kind];
    test(`that ask for little ${field} are kept, without a question`, async () => {
      await using server = await startGranting();
      const user = await server.connect();
      const grants = { [field]: TIGHT[field] };
      await user.register({ name: kind, interpreter: "python3", code: GREEDY[kind], grants });
      const start = performance.now();
      assert.match(refused(await user.call(kind)), EXPECTED[kind]);
      assert.ok(performance.now() - start < 15_000);
      await assertNoProcess(`${server.home}/tools/${kind}/`);
      if (kind === "processes") await assertNoProcess("sleep 31.7");
    });

    test(`of a ceiling of ${field} are kept by scripts that ask for nothing`, async () => {
      await using server = await startGranting({ ceiling: { [field]: TIGHT[field] } });
      const user = await server.connect();
      await user.register({ name: kind, interpreter: "python3", code: GREEDY[kind] });
      assert.match(refused(await user.call(kind)), EXPECTED[kind]);
    });
  }

  test("beyond the ceiling are asked about, and given when they are allowed", async () => {
    await using server = await startGranting({ ceiling: { ...TIGHT, timeout_ms: 10_000 } });
    const user = await server.connect({ answer: "always" });
    const code = GREEDY.space.replace("sleep(5)", "sleep(1)");
    await user.register({ name: "space", interpreter: "python3", code, grants: { memory_mb: 400, cpu_seconds: 9 } });
    assert.equal(succeed(await user.call("space")), "had it");
    assert.match(
      user.questions.join(),
      /- use 400 MiB of memory, where 150 are allowed\n- use 9 s of CPU time, where 1 are allowed\n\n/,
    );
    const mute = await server.connect();
    await mute.register({ name: "other", interpreter: "python3", code, grants: { timeout_ms: 20_000 } });
    assert.deepEqual(ceilingOf(refused(await mute.call("other"))), { timeout_ms: 20_000 });
  });

  test("of time are those of the server where neither script nor ceiling has a shorter one", async () => {
    await using server = await startGranting({
      ceiling: { timeout_ms: 9_000 },
      config: { scripts: { timeout_ms: 800 } },
    });
    const user = await server.connect();
    await user.register({ name: "time", interpreter: "python3", code: GREEDY.time });
    const start = performance.now();
    assert.match(refused(await user.call("time")), EXPECTED.time);
    assert.ok(performance.now() - start < 6_000);
  });
});

/** Tells what it may do, by asking Deno and by trying; then waits a while. */
const PERMITTED = `
const line = (await Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader().read()).value;
const { ask, read, write, fetch: urls } = JSON.parse(line).params.arguments;
const states = ask.map((it) => Deno.permissions.querySync(it).state);
const tried = async (work) => { try { await work(); return "done"; } catch (error) { return error.name; } };
const results = [];
for (const path of read) results.push(await tried(() => Deno.readTextFile(path)));
for (const path of write) results.push(await tried(() => Deno.writeTextFile(path, "written")));
for (const url of urls) results.push(await tried(async () => (await fetch(url)).body.cancel()));
console.log(JSON.stringify({ jsonrpc: "2.0", method: "log", params: { message: "ready" } }));
await new Promise((resolve) => setTimeout(resolve, 1500));
console.log(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { states, results } }));
Deno.exit();
`;

async function serveText(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((_, response) => response.end("text"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

test("a plain Deno script has exactly the permissions that it was granted", async (t) => {
  if (!await hasProgram("deno", "--version")) return t.skip("deno is not installed");
  await using folder = await temporaryFolder();
  await using allowed = await serveText();
  await using other = await serveText();
  using _ = withVariables({ TEST_PLACE: "here", COLLET_SECRET_API_KEY: "hunter2-hunter3" });
  for (const name of ["readable, with a comma", "writable", "forbidden"]) await mkdir(join(folder.path, name));
  const [readable, writable, forbidden] = ["readable, with a comma", "writable", "forbidden"].map((name) =>
    join(folder.path, name)
  ) as [string, string, string];
  for (const path of [readable, writable, forbidden]) await writeFile(join(path, "x"), "x");
  // what it asks for is what the link leads to
  await symlink(readable, join(folder.path, "link"));
  // no interpreter waits, so that the one process that is seen is that of the call
  await using server = await startGranting({ config: { scripts: { warm: { per_key: 0 } } } });
  const own = await toolInside(server, "permitted");
  const user = await server.connect({ answer: "always" });
  const grants = {
    network: [`127.0.0.1:${allowed.port}`],
    read: [join(folder.path, "link")],
    write: [writable],
    env: ["TEST_PLACE"],
    secrets: ["API_KEY"],
  };
  await user.register({
    name: "permitted",
    interpreter: "deno",
    extension: "ts",
    code: `// @ts-nocheck\n${PERMITTED}`,
    grants,
  });
  const askAbout = (own: string) => [
    { name: "read", path: readable },
    { name: "read", path: writable },
    { name: "read", path: own },
    { name: "read", path: server.home },
    { name: "write", path: writable },
    { name: "write", path: readable },
    { name: "net", host: `127.0.0.1:${allowed.port}` },
    { name: "net", host: `127.0.0.1:${other.port}` },
    { name: "net" },
    { name: "env", variable: "TEST_PLACE" },
    { name: "env", variable: "API_KEY" },
    { name: "env", variable: "PATH" },
    { name: "write", path: own },
    ...["run", "ffi", "sys"].map((name) => ({ name })),
  ];
  const ask = askAbout(own);
  const args = {
    ask,
    read: [join(readable, "x"), join(forbidden, "x")],
    write: [join(writable, "y"), join(readable, "y")],
    fetch: [`http://127.0.0.1:${allowed.port}`, `http://127.0.0.1:${other.port}`],
  };
  const calling = user.call("permitted", args);
  let commands: string[] = [];
  await until(async () => {
    const { stdout } = await promisify(execFile)("ps", ["axww", "-o", "args="], { maxBuffer: 64 * 1024 * 1024 });
    // not what confines it, whose command has that of the script at its end
    commands = stdout.split("\n").filter((it) => /^\S+ run --no-prompt .*\/permitted\.ts$/.test(it.trim()));
    return commands.length > 0;
  }, "the script to run");
  const result = await calling;
  succeed(result);
  const assertPermitted = ({ structuredContent }: ToolResult, ask: readonly object[]) => {
    const { states, results } = structuredContent as { states: string[]; results: string[] };
    const granted = ask.filter((_, i) => states[i] === "granted");
    assert.deepEqual(granted, [ask[0], ask[2], ask[4], ask[6], ask[9], ask[10]]);
    assert.deepEqual(results, ["done", "NotCapable", "done", "NotCapable", "done", "NotCapable"]);
  };
  assertPermitted(result, ask);
  const flags = commands[0]!.trim().replace(/^\S+ /, "");
  assert.equal(
    flags,
    [
      "run --no-prompt",
      `--allow-read=${own},${readable.replace(",", ",,")}`,
      `--allow-write=${writable}`,
      "--allow-env=TEST_PLACE,API_KEY",
      `--allow-net=127.0.0.1:${allowed.port}`,
      `${own}/permitted.ts`,
    ].join(" "),
  );

  await user.register({ name: "bare", interpreter: "deno", extension: "ts", code: `// @ts-nocheck\n${PERMITTED}` });
  const bare = await user.call("bare", { ...args, fetch: [args.fetch[0]] });
  const none = bare.structuredContent as { states: string[]; results: string[] };
  assert.ok(!none.states.includes("granted"), JSON.stringify(none));
  assert.deepEqual(none.results, Array(5).fill("NotCapable"));
  await user.register({
    name: "online",
    interpreter: "deno",
    code: `console.log(Deno.permissions.querySync({name:"net"}).state)`,
    grants: { network: true },
  });
  assert.equal(succeed(await user.call("online")), "granted");

  // an interpreter that waited has no more, though it writes the script into its folder
  await using warm = await startGranting({ ceiling: grants });
  const second = await warm.connect();
  await second.register({
    name: "permitted",
    interpreter: "deno",
    extension: "ts",
    code: `// @ts-nocheck\n${PERMITTED}`,
    grants,
  });
  const anew = askAbout(await toolInside(warm, "permitted"));
  for (let i = 0; i < 3; i++) {
    const again = await second.call("permitted", { ...args, ask: anew });
    succeed(again);
    assertPermitted(again, anew);
  }
});

test("a plain Deno script has no network by default, be there a sandbox or not", async (t) => {
  if (!await hasProgram("deno", "--version")) return t.skip("deno is not installed");
  const code = `console.log(Deno.permissions.querySync({ name: "net" }).state)`;
  const without = shipped.filter(({ name }) => name !== "sandbox");
  const settings = [{}, { plugins: without }, { config: { sandbox: { sandbox: "off" } } }];
  for (const options of settings) {
    await using server = await startGranting(options);
    const user = await server.connect({ answer: "always" });
    await user.register({ name: "offline", interpreter: "deno", code });
    assert.notEqual(succeed(await user.call("offline")), "granted", JSON.stringify(Object.keys(options)));
    await user.register({ name: "online", interpreter: "deno", code, grants: { network: true } });
    assert.equal(succeed(await user.call("online")), "granted");
  }
  await using server = await startGranting({ config: { sandbox: { sandbox_network: true } } });
  const user = await server.connect();
  await user.register({ name: "offline", interpreter: "deno", code });
  assert.equal(succeed(await user.call("offline")), "granted", "the operator gives it to all");
});

test("grants are refused at registration where nothing decides on them, and time is not", async () => {
  await using server = await startGranting({ plugins: shipped.filter(({ name }) => name !== "grants") });
  const user = await server.connect();
  const script = { name: "x", description: "x", interpreter: "sh", code: "echo done" };
  assert.match(
    refused(await user.call("register_script", { ...script, grants: { secrets: ["A"], memory_mb: 1 } })),
    /^Cannot grant secrets, memory_mb: nothing here decides on grants; the plugin "grants" does$/,
  );
  await user.register({ ...script, grants: { timeout_ms: 9_000 } });
  assert.equal(succeed(await user.call("x")), "done");
  assert.deepEqual(await readdir(join(server.home, "tools/.staging")), []);
});
