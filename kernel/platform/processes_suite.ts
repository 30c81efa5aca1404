/**
 * The contract suite of `Processes`; it needs the programs of a POSIX system.
 *
 * @module
 */
import type { Process, Processes } from "../contracts.ts";
import { testLimits } from "./limits_suite.ts";
import { openSuite, type Provided, type SuiteTools } from "./suite_tools.ts";

const MINIMAL_VARIABLES: readonly string[] = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "COLLET_PROCESS_TREE"];
/** Variables that the program which prints them, or the shell above it, adds by itself. */
const SHELL_VARIABLES: readonly string[] = ["PWD", "OLDPWD", "SHLVL", "_"];
const MEGABYTE = 1024 * 1024;

/**
 * Registers the tests that every provider of `Processes` passes.
 *
 * @param name Stands before the name of each test.
 * @param make Makes processes for one test.
 */
export async function testProcesses(
  name: string,
  make: () => Provided<Processes> | Promise<Provided<Processes>>,
): Promise<void> {
  const tools = await openSuite(name, make);
  testRunning(tools);
  testSurroundings(tools);
  testOutput(tools);
  testStdin(tools);
  testEnds(tools);
  testTrees(tools);
  testLimits(tools);
}

function shell(script: string): { readonly program: string; readonly args: readonly string[] } {
  return { program: "sh", args: ["-c", script] };
}

async function readAll(source: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const part of source) text += part;
  return text;
}

/** Reads the first line, and leaves the rest to be read. */
async function readLine(child: Process): Promise<string> {
  let text = "";
  for await (const part of child.stdout) {
    text += part;
    if (text.includes("\n")) break;
  }
  return text.slice(0, text.indexOf("\n"));
}

function testRunning({ test, assert }: SuiteTools<Processes>): void {
  test("run() gives output, error output and exit code", async (processes) => {
    const result = await processes.run(shell("echo out; echo err >&2; exit 3"));
    assert.deepEqual(result, {
      code: 3,
      signal: undefined,
      ended: undefined,
      stdout: "out\n",
      stderr: "err\n",
      truncated: false,
    });
  });
  test("run() passes arguments as they are, with no shell between", async (processes) => {
    const words = ["$HOME", "a b", "; echo no", "*", "", "ü"];
    const result = await processes.run({ program: "printf", args: ["%s|", ...words] });
    assert.equal(result.stdout, `${words.join("|")}|`);
  });
  test("run() tells the signal that ended the process", async (processes) => {
    const result = await processes.run(shell("kill -9 $$"));
    assert.deepEqual([result.code, result.signal, result.ended], [undefined, "SIGKILL", undefined]);
  });
  test("spawn() refuses what cannot be started", async (processes) => {
    for (
      const command of [
        { program: "no-such-program-anywhere" },
        { program: "" },
        { program: "./relative" },
        { program: "/absent/program" },
        { program: "/" },
        { program: "sh", cwd: "/absent/folder" },
        { program: "sh", cwd: "relative" },
        { program: "sh", args: ["nul\0character"] },
      ]
    ) {
      await assert.rejects(processes.spawn(command), { code: "PROCESS_UNSTARTED" }, JSON.stringify(command));
    }
  });
  test("which() finds a program in PATH", async (processes) => {
    assert.match(await processes.which("sh") ?? "", /^\/.*\/sh$/);
    assert.equal(await processes.which("no-such-program-anywhere"), undefined);
    assert.equal(await processes.which("../bin/sh"), undefined);
    assert.equal(await processes.which("/bin/sh"), "/bin/sh");
  });
}

function testSurroundings({ test, assert }: SuiteTools<Processes>): void {
  test("run() passes the minimal environment and what was granted, nothing else", async (processes) => {
    const { stdout } = await processes.run({ program: "env", env: { GRANTED: "yes" } });
    const names = stdout.split("\n").filter((line) => /^\w+=/.test(line)).map((line) => line.split("=")[0] ?? "");
    assert.ok(names.includes("PATH") && names.includes("GRANTED"));
    const known = [...MINIMAL_VARIABLES, ...SHELL_VARIABLES, "GRANTED"];
    assert.deepEqual(names.filter((name) => !known.includes(name)), []);
  });
  test("run() starts in a private folder, removed afterwards, or in the one that was named", async (processes) => {
    const { stdout } = await processes.run(shell("pwd; ls -A; touch left-behind"));
    const folder = stdout.trim();
    assert.match(folder, /^\//);
    assert.equal((await processes.run(shell(`test -e '${folder}'`))).code, 1);
    assert.equal((await processes.run({ ...shell("pwd"), cwd: "/" })).stdout, "/\n");
  });
  test("a process leads a process group of its own", async (processes) => {
    const { stdout } = await processes.run(shell("echo $$; ps -o pgid= -p $$"));
    const [pid, group] = stdout.split("\n").map((line) => line.trim());
    assert.equal(group, pid);
  });
}

function testOutput({ test, assert }: SuiteTools<Processes>): void {
  test("run() drains both streams at the same time", async (processes) => {
    const result = await processes.run(shell("head -c 2000000 /dev/zero >&2; head -c 2000000 /dev/zero; echo end >&2"));
    assert.equal(result.stdout.length, 2_000_000);
    assert.equal(result.stderr.length, 2_000_004);
    assert.equal(result.truncated, false);
  });
  test("run() keeps the first of stdout and the last of stderr within the limit", async (processes) => {
    const script = "for n in 1 2 3 4; do printf '%s' ${n}23456789; printf '%s' ${n}23456789 >&2; done";
    const result = await processes.run({ ...shell(script), outputLimit: 12 });
    assert.equal(result.stdout, "123456789223");
    assert.equal(result.stderr, "789423456789");
    assert.equal(result.truncated, true);
    assert.equal(result.code, 0);
  });
  test("run() reads and drops a flood beyond the limit", async (processes) => {
    const result = await processes.run({ ...shell("head -c 50000000 /dev/zero; echo done >&2"), outputLimit: 1000 });
    assert.deepEqual([result.stdout.length, result.stderr, result.truncated], [1000, "done\n", true]);
  });
  test("run() cuts at a whole character", async (processes) => {
    const result = await processes.run({ ...shell("printf 'aé☃'; printf '☃éz' >&2"), outputLimit: 4 });
    assert.equal(result.stdout, "aé");
    assert.equal(result.stderr, "éz");
  });
  test("output is decoded across chunks, and bytes that are not UTF-8 are replaced", async (processes) => {
    const script = "printf '\\342'; sleep 0.1; printf '\\230'; sleep 0.1; printf '\\203|\\377|\\303'";
    assert.equal((await processes.run(shell(script))).stdout, "☃|\ufffd|\ufffd");
    const child = await processes.spawn(shell(script));
    assert.equal(await readAll(child.stdout), "☃|\ufffd|\ufffd");
    await child.exited;
  });
  test("a slow reader makes the child wait, and loses nothing", async (processes) => {
    const child = await processes.spawn(shell("head -c 5000000 /dev/zero; echo end >&2"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const early = await Promise.race([child.exited.then(() => "exited"), Promise.resolve("running")]);
    assert.equal(early, "running");
    assert.equal((await readAll(child.stdout)).length, 5_000_000);
    assert.equal((await child.exited).code, 0);
    assert.equal(await readAll(child.stderr), "end\n");
  });
  test("output that nobody read can be read after the end", async (processes) => {
    const child = await processes.spawn(shell("echo hello"));
    await child.exited;
    assert.equal(await readAll(child.stdout), "hello\n");
  });
}

function testStdin({ test, assert }: SuiteTools<Processes>): void {
  test("run() hands over its input whole, and ends it", async (processes) => {
    const input = "ä".repeat(2 * MEGABYTE);
    assert.equal((await processes.run({ program: "cat", input })).stdout, input);
    assert.equal((await processes.run({ program: "cat" })).stdout, "");
  });
  test("input that is not read blocks nobody", async (processes) => {
    const input = "x".repeat(5 * MEGABYTE);
    const result = await processes.run({ ...shell("sleep 0.2; echo fine"), input });
    assert.deepEqual([result.stdout, result.code, result.ended], ["fine\n", 0, undefined]);
    const closed = await processes.run({ ...shell("exec <&-; sleep 0.2; echo fine"), input });
    assert.deepEqual([closed.stdout, closed.code], ["fine\n", 0]);
  });
  test("write() converses, and is quiet when the process is gone", async (processes) => {
    const child = await processes.spawn({ program: "cat" });
    await child.write("one\n");
    assert.equal(await readLine(child), "one");
    await child.write("two\n");
    assert.equal(await readLine(child), "two");
    await child.end();
    assert.equal((await child.exited).code, 0);
    await child.write("three\n");
    await child.end();
  });
  test("write() that waits resolves when the process ends", async (processes) => {
    const child = await processes.spawn(shell("sleep 0.2"));
    await child.write("x".repeat(5 * MEGABYTE));
    assert.equal((await child.exited).code, 0);
  });
}

function testEnds({ test, assert }: SuiteTools<Processes>): void {
  test("a time limit ends the process", async (processes) => {
    const result = await processes.run({ ...shell("echo begun; sleep 60"), timeoutMs: 300 });
    assert.deepEqual([result.stdout, result.ended, result.code], ["begun\n", "timeout", undefined]);
  });
  test("a time limit ends a process that ignores TERM", async (processes) => {
    const started = Date.now();
    const result = await processes.run({ ...shell("trap '' TERM; while :; do sleep 0.1; done"), timeoutMs: 300 });
    assert.deepEqual([result.ended, result.signal], ["timeout", "SIGKILL"]);
    assert.ok(Date.now() - started < 30_000);
  });
  test("an abort ends the process, before the start as well", async (processes) => {
    const controller = new AbortController();
    const running = processes.run({ ...shell("sleep 60"), signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    assert.equal((await running).ended, "abort");
    const aborted = await processes.run({ ...shell("echo no"), signal: controller.signal });
    assert.deepEqual([aborted.ended, aborted.stdout], ["abort", ""]);
    await assert.rejects(processes.spawn({ ...shell("echo no"), signal: controller.signal }), { name: "AbortError" });
  });
  test("a process that ends at TERM can clean up", async (processes) => {
    const child = await processes.spawn(
      shell("trap 'echo cleaned; exit 7' TERM; echo ready; while :; do sleep 0.05; done"),
    );
    assert.equal(await readLine(child), "ready");
    await child.kill();
    assert.deepEqual(await child.exited, { code: 7, signal: undefined, ended: undefined });
    assert.equal(await readAll(child.stdout), "cleaned\n");
    await child.kill();
  });
  test("no time limit is set by Infinity", async (processes) => {
    assert.equal((await processes.run({ ...shell("sleep 0.2; echo done"), timeoutMs: Infinity })).stdout, "done\n");
  });
}

function testTrees({ test, assert }: SuiteTools<Processes>): void {
  async function isRunning(processes: Processes, pid: string): Promise<boolean> {
    const { stdout } = await processes.run({ program: "ps", args: ["-o", "stat=", "-p", pid] });
    return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
  }
  test("kill() ends descendants as well", async (processes) => {
    const child = await processes.spawn(shell("sleep 60 & first=$!; (sleep 60 & echo $first $!); wait"));
    const pids = (await readLine(child)).split(" ");
    assert.ok(pids.length === 2 && pids.every((pid) => /^\d+$/.test(pid)), pids.join());
    await child.kill();
    for (const pid of [...pids, String(child.pid)]) assert.equal(await isRunning(processes, pid), false, pid);
  });
  test("the end of a process ends what it left behind, which holds its output open", async (processes) => {
    const started = Date.now();
    const result = await processes.run(shell("sleep 60 & echo $!"));
    assert.ok(Date.now() - started < 30_000);
    assert.deepEqual([result.code, result.ended], [0, undefined]);
    assert.equal(await isRunning(processes, result.stdout.trim()), false);
  });
}
