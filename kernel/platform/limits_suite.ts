/**
 * The part of the contract suite of `Processes` that is about limits.
 *
 * @module
 */
import type { Processes } from "../contracts.ts";
import type { SuiteTools } from "./suite_tools.ts";

const MEGABYTE = 1024 * 1024;

function shell(script: string): { readonly program: string; readonly args: readonly string[] } {
  return { program: "sh", args: ["-c", script] };
}

/** Registers the tests of limits, and of what else is done before a program starts. */
export function testLimits({ test, assert }: SuiteTools<Processes>): void {
  test("enforcement() tells what holds limits", async (processes) => {
    const { memory, processes: count } = await processes.enforcement();
    for (const enforcer of [memory, count]) assert.ok(["cgroup", "watch"].includes(enforcer), enforcer);
  });
  test("a limit of processes ends the tree", async (processes) => {
    const script = "for n in 1 2 3 4 5 6; do sleep 60 & done; wait";
    assert.equal((await processes.run({ ...shell(script), processes: 4 })).ended, "processes");
    assert.equal((await processes.run({ ...shell("sleep 0.5"), processes: 4 })).ended, undefined);
  });
  test("a limit of memory ends the tree", async (processes) => {
    // tail keeps the one endless line in memory
    const command = shell("head -c 300000000 /dev/zero | tail -n 1 | sleep 60");
    assert.equal((await processes.run({ ...command, memoryBytes: 100 * MEGABYTE })).ended, "memory");
    assert.equal((await processes.run({ ...shell("sleep 0.5"), memoryBytes: 100 * MEGABYTE })).ended, undefined);
  });
  test("a limit of file size ends the process", async (processes) => {
    const command = { program: "dd", args: ["if=/dev/zero", "of=file", "bs=1024", "count=100"] };
    const result = await processes.run({ ...command, fileBytes: 50 * 1024 });
    assert.deepEqual([result.signal, result.ended], ["SIGXFSZ", "file"]);
    assert.equal((await processes.run({ ...command, fileBytes: 100 * 1024 })).code, 0);
  });
  test("a limit of CPU time ends the process", async (processes) => {
    const result = await processes.run({ ...shell("while :; do :; done"), cpuSeconds: 1, timeoutMs: 60_000 });
    assert.deepEqual([result.signal, result.ended], ["SIGXCPU", "cpu"]);
  });
  test("a limit of descriptors is the process's own", async (processes) => {
    assert.equal((await processes.run({ ...shell("ulimit -n"), descriptors: 40 })).stdout, "40\n");
  });
  test("files are open at their descriptors, for reading", async (processes) => {
    const script = "cmp - /bin/sh <&3 && echo same; cat <&9; echo no >&3";
    const result = await processes.run({ ...shell(script), open: { 3: "/bin/sh", 9: "/dev/null" } });
    assert.equal(result.stdout, "same\n");
    assert.match(result.stderr, /\S/);
  });
  test("a command whose limits or files make no sense is refused", async (processes) => {
    for (
      const wrong of [
        { cpuSeconds: NaN },
        { memoryBytes: -1 },
        { fileBytes: 0 },
        { open: { 2: "/dev/null" } },
        { open: { 10: "/dev/null" } },
        { open: { 3: "relative" } },
        { open: { 3: "/dev/null" }, env: { "a.b": "lost" } },
      ]
    ) {
      await assert.rejects(processes.spawn({ ...shell(":"), ...wrong }), { code: "PROCESS_UNSTARTED" });
    }
  });
  test("a file that cannot be opened keeps the command from running", async (processes) => {
    const result = await processes.run({ ...shell("echo ran"), open: { 9: "/absent/file" } });
    assert.deepEqual([result.code, result.stdout], [125, ""]);
    assert.match(result.stderr, /cannot read \/absent\/file/);
  });
  test("limits leave arguments and environment as they are", async (processes) => {
    const limits = { cpuSeconds: 50, descriptors: 100, memoryBytes: 2 ** 30 };
    const words = ["$HOME", "a b", "--", "*", "", "-n", "ü\n"];
    const printed = await processes.run({ program: "printf", args: ["%s|", ...words], ...limits });
    assert.equal(printed.stdout, `${words.join("|")}|`);
    const lines = async (more: object): Promise<readonly string[]> => {
      const env = { A: "x 'y'\n$(z)", PWD: "/elsewhere", OLDPWD: "", there: "1" };
      const { stdout } = await processes.run({ program: "env", env, ...more });
      // a mark of each tree, and what bash adds
      return stdout.split("\n").filter((line) => !/^(COLLET_PROCESS_TREE|SHLVL|_)=/.test(line)).sort();
    };
    assert.deepEqual(await lines(limits), await lines({}));
    const { stdout } = await processes.run({ program: "env", ...limits });
    assert.ok(!/^(OLD)?PWD=/m.test(stdout), stdout);
  });
  test("the exit code of a wrapper tells the signal that ended what it wraps", async (processes) => {
    const { code, signal, ended } = await processes.run({ ...shell("exit 137"), isWrapper: true });
    assert.deepEqual([code, signal, ended], [undefined, "SIGKILL", undefined]);
    assert.equal((await processes.run({ ...shell("exit 152"), isWrapper: true })).ended, "cpu");
    assert.equal((await processes.run({ ...shell("exit 153"), isWrapper: true })).ended, "file");
    assert.equal((await processes.run({ ...shell("exit 145"), isWrapper: true })).code, 145);
    assert.equal((await processes.run(shell("exit 137"))).code, 137);
  });
}
