/**
 * Scripts of skills that do all that a script should not: whoever calls them gets an answer, and nothing of them stays.
 */
import assert from "node:assert/strict";
import { readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ToolResult } from "../../../../kernel/mod.ts";
import { soon, until } from "../../../support/wait.ts";
import { fail } from "../../library/kit.ts";
import { assertNoProcess, waitForFile } from "../../scripts/kit.ts";
import { declare, type SkillKit, startSkills, valueOf } from "./kit.ts";

const HUGE = "x".repeat(10_000_000);

describe("a script of a skill", { timeout: 120_000 }, () => {
  let kit: SkillKit;
  before(async () => {
    kit = await startSkills();
  });
  after(async () => {
    // it is not made for a script that is never started
    const list = () => readdir(join(kit.home, "work")).catch(() => []);
    await until(async () => (await list()).length === 0, "the working folders to be gone");
    await kit[Symbol.asyncDispose]();
  });

  const run = (code: string, args = {}): Promise<ToolResult> => soon(kit.runScript("scripts/a.sh", code, args));

  test("that reads none of 10 MB of arguments is answered", async () => {
    assert.deepEqual(valueOf(await run("echo unread", { HUGE })), { success: true, message: "unread" });
    assert.deepEqual(valueOf(await run("exec <&-; echo closed", { HUGE })), { success: true, message: "closed" });
  });

  test("that reads some of them, and prints as many at the same time, is answered", async () => {
    const { message } = valueOf(await run("head -c 100000 | tr -d '\\n'; cat > /dev/null", { HUGE }));
    assert.equal(String(message).length, 100_000);
    assert.deepEqual(valueOf(await run("cat", { HUGE })), { HUGE });
  });

  test("that prints 100 MB is ended, and tells so", async () => {
    assert.match(
      fail(await run("head -c 100000000 /dev/zero | tr '\\0' x")),
      /was ended: it printed more than 16 MiB$/,
    );
  });

  test("that prints 40 MB to stderr is answered, with the end of it", async () => {
    const result = await run("head -c 40000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1");
    assert.match(fail(result), /ended with exit code 1\nstderr:\nx+the end$/);
    assert.ok(fail(result).length < 10_000);
  });

  test("that prints bytes that are no text is answered", async () => {
    const { message } = valueOf(await run("printf 'a\\377\\000b'"));
    assert.equal(message, "a\uFFFD\0b");
  });

  test("that hangs is ended when its time is over, with all that it started", async () => {
    const mark = `collet-hang-${crypto.randomUUID()}`;
    const child = `bash -c 'exec -a ${mark} sleep 600'`;
    const files = {
      "scripts/a.sh": `${child} & (setsid ${child} &); sleep 600`,
      "scripts/b.sh": "sleep 0.4",
    };
    const tools = [
      declare("unasked", "scripts/a.sh"),
      declare("bounded", "scripts/a.sh", { timeoutHintSecs: 900 }),
      declare("longer", "scripts/b.sh", { timeoutHintSecs: 1 }),
    ];
    await using strict = await startSkills({ limits: { timeoutMs: 200, longestMs: 900 } });
    await strict.load({ hang: { files, tools } });
    const calls = ["hang__unasked", "hang__bounded", "hang__longer"].map((name) => soon(strict.call(name)));
    const [unasked, bounded, longer] = await Promise.all(calls);
    for (const result of [unasked!, bounded!]) {
      assert.match(fail(result), /did not end within its time limit, .* needs longer declares timeout_hint_secs/);
    }
    assert.equal(longer!.isError, undefined);
    await assertNoProcess(mark);
  });

  test("that leaves a process behind takes it along", async () => {
    const mark = `collet-left-${crypto.randomUUID()}`;
    const code = `(exec -a ${mark} sleep 600) & (setsid bash -c 'exec -a ${mark} sleep 600' &); echo done`;
    assert.deepEqual(valueOf(await run(code)), { success: true, message: "done" });
    await assertNoProcess(mark);
  });

  test("that is cancelled is ended, with all that it started", async () => {
    const mark = `collet-cancel-${crypto.randomUUID()}`;
    const flag = join(kit.home, mark);
    await kit.load({ cancel: { files: { "scripts/a.sh": `(exec -a ${mark} sleep 600) & echo x > ${flag}; wait` } } });
    const controller = new AbortController();
    const calling = kit.call("cancel__a", {}, { signal: controller.signal });
    await waitForFile(flag);
    controller.abort();
    assert.match(fail(await soon(calling)), /Cancelled/);
    await assertNoProcess(mark);
  });

  test("gets hostile keys and values as data", async () => {
    const code = `for word in "$@"; do printf '%s;' "$word"; done`;
    const args = { "-c": "id", "--rcfile": "/etc/passwd", "a b": 1, _x: 1, "$(id)": 1, ok: "$(id)`id`;|&><\"'\\" };
    assert.deepEqual(valueOf(await run(code, args)), { success: true, message: `--ok;${args.ok};` });
  });

  test("that became a link out of its skill, or is gone, is not run", async () => {
    const files = { "scripts/a.sh": "echo inside" };
    const [folder] = await kit.load({ linked: { files } });
    const script = join(folder!, "scripts", "a.sh");
    assert.deepEqual(valueOf(await kit.call("linked__a")), { success: true, message: "inside" });
    await writeFile(join(kit.home, "outside.sh"), "echo outside");
    await rm(script);
    assert.match(
      fail(await kit.call("linked__a")),
      /Cannot run tool "linked__a": its script "scripts\/a.sh" is not there/,
    );
    await symlink(join(kit.home, "outside.sh"), script);
    assert.match(fail(await kit.call("linked__a")), /its script "scripts\/a.sh" leads out of its skill$/);
    await rm(join(folder!, "scripts"), { recursive: true });
    await symlink(kit.home, join(folder!, "scripts"));
    assert.match(fail(await kit.call("linked__a")), /Cannot run tool "linked__a": its script/);
  });
});
