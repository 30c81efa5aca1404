import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { NOTHING_TO_PREPARE, type Preparation, putLauncherBefore } from "../../kernel/platform/launcher.ts";

/** Shells that are `/bin/sh` somewhere, by the words that start them. */
const SHELLS = [["/bin/dash"], ["/bin/bash", "--posix"], ["/bin/busybox", "sh"], ["/bin/sh"]] as const;

for (const [shell, ...options] of SHELLS) {
  const run = (preparation: Partial<Preparation>, program: string, args: readonly string[] = []) => {
    const line = putLauncherBefore({ program, args }, { ...NOTHING_TO_PREPARE, ...preparation }, {});
    const { status, stdout, stderr } = spawnSync(shell, [...options, ...line.args], { encoding: "utf8" });
    return { status, stdout, stderr };
  };

  test(`the launcher does what it is told: ${[shell, ...options].join(" ")}`, (t) => {
    if (!existsSync(shell)) return t.skip(`${shell} is not installed`);
    const limits = { cpuSeconds: 2.5, fileBytes: 1000, descriptors: 50, dataBytes: 2 ** 30 };
    const asked = "ulimit -S -t; ulimit -H -t; ulimit -f; ulimit -n; ulimit -d; ulimit -c";
    assert.deepEqual(run(limits, "/bin/sh", ["-c", asked]), {
      status: 0,
      stdout: "3\n4\n2\n50\n1048576\n0\n",
      stderr: "",
    });
    const words = ["", "a b", "--", "*", "$HOME", "-n", "`x`", "ü\n"];
    assert.equal(run(limits, "/usr/bin/printf", ["%s|", ...words]).stdout, `${words.join("|")}|`);
    assert.equal(run({ open: { 4: "/dev/null" } }, "/bin/sh", ["-c", "cat <&4 && echo open"]).stdout, "open\n");
  });

  test(`the launcher starts nothing when a step fails: ${[shell, ...options].join(" ")}`, (t) => {
    if (!existsSync(shell)) return t.skip(`${shell} is not installed`);
    for (
      const [preparation, message] of [
        [{ writes: [["0", "/absent/file"]] }, "cannot write 0 to /absent/file"],
        [{ writes: [["0", "/dev/full"]] }, "cannot write 0 to /dev/full"],
        [{ open: { 9: "/absent/file" } }, "cannot read /absent/file"],
        [{ descriptors: 1e30 }, "cannot set ulimit -n"],
      ] as const
    ) {
      const { status, stdout, stderr } = run(preparation, "/bin/echo", ["ran"]);
      assert.deepEqual([status, stdout], [125, ""], message);
      assert.ok(stderr.includes(message), stderr);
    }
  });
}

test("a lower limit that is there stays", () => {
  const line = (descriptors: number) =>
    putLauncherBefore({ program: "/bin/sh", args: ["-c", "ulimit -n"] }, { ...NOTHING_TO_PREPARE, descriptors }, {});
  const { program, args } = line(2 ** 40);
  const result = spawnSync("/bin/sh", ["-c", 'ulimit -n 60; exec "$@"', "sh", program, ...args], { encoding: "utf8" });
  assert.deepEqual([result.status, result.stdout], [0, "60\n"], result.stderr);
});

test("putLauncherBefore() leaves a program alone when there is nothing to do", () => {
  const line = { program: "/bin/true", args: ["a"] };
  assert.equal(putLauncherBefore(line, NOTHING_TO_PREPARE, { "a.b": "1" }), line);
});
