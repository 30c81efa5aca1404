/**
 * Where scripts work, by every sandbox that works on this machine and by none.
 */
import assert from "node:assert/strict";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Processes } from "../../../../kernel/mod.ts";
import { MECHANISMS, Sandbox } from "../../../../plugins/sandbox/contract.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import { until } from "../../../support/wait.ts";
import { processesWith } from "../kit.ts";
import { type CapturedKit, type CapturedOptions, startCaptured } from "./kit.ts";

type Mode = typeof MECHANISMS[number] | "off";

/** Prints where it is, what is there, and whether it may write there. */
const CODE: Readonly<Record<string, string>> = {
  sh: 'echo "$PWD" "$(cat data.txt 2>/dev/null)"; { echo made > made.txt; } 2>/dev/null && echo yes || echo no',
  ts: `
const data = await Deno.readTextFile("data.txt").catch(() => "");
console.log(Deno.cwd(), data);
console.log(await Deno.writeTextFile("made.txt", "made\\n").then(() => "yes", () => "no"));`,
};

/** Starts with a mechanism; a text says why it cannot be tried here. */
async function start(mode: Mode, options: CapturedOptions = {}): Promise<CapturedKit | string> {
  try {
    const kit = await startCaptured({ ...options, plugins: [[sandbox, { sandbox: mode }]] });
    if (mode === "off" || await kit.kernel.get(Sandbox)!.mechanism() === mode) return kit;
    await kit[Symbol.asyncDispose]();
    return `${mode} does not work here`;
  } catch (error) {
    return `${mode} does not work here: ${(error as Error).message}`;
  }
}

/** Runs in a working folder; says where that was, what it read and whether it could write, and what came of it. */
async function runIn(
  kit: CapturedKit,
  { type, cwd, isFolderWritable = false }: {
    readonly type: string;
    readonly cwd: string;
    readonly isFolderWritable?: boolean;
  },
) {
  const { stdout, stderr, exitCode } = await kit.run(`scripts/a.${type}`, { cwd, isFolderWritable });
  assert.deepEqual([exitCode, stderr], [0, ""]);
  const [where = "", canWrite] = stdout.split("\n");
  const [place, data = ""] = where.split(" ");
  return { place, data, canWrite, made: await readFile(join(cwd, "made.txt"), "utf8").catch(() => undefined) };
}

for (const mode of ["off", ...MECHANISMS] as const) {
  const type = mode === "deno" ? "ts" : "sh";
  describe(`the working folder with sandbox ${mode}`, { timeout: 120_000 }, () => {
    test("is the folder of the script or one in it, which it may change only if it may change that", async (t) => {
      const tried = await start(mode);
      if (typeof tried === "string") return t.skip(tried);
      await using kit = tried;
      if (mode === "deno" && await kit.kernel.get(Processes)!.which("deno") === undefined) return t.skip("no deno");
      await kit.write(`scripts/a.${type}`, CODE[type]!);
      await kit.write("data.txt", "root");
      await kit.write("sub/data.txt", "sub");
      const inside = mode === "bubblewrap" || mode === "nsjail" ? "/tools/captured" : kit.folder;
      const isHeld = mode !== "off";
      for (const [sub, data] of [["", "root"], ["/sub", "sub"]] as const) {
        const cwd = `${kit.folder}${sub}`;
        assert.deepEqual(await runIn(kit, { type, cwd }), {
          place: `${inside}${sub}`,
          data,
          canWrite: isHeld ? "no" : "yes",
          made: isHeld ? undefined : "made\n",
        });
        assert.deepEqual(await runIn(kit, { type, cwd, isFolderWritable: true }), {
          place: `${inside}${sub}`,
          data,
          canWrite: "yes",
          made: "made\n",
        });
      }
    });

    test("is one elsewhere, which it may change, under its own path", async (t) => {
      const tried = await start(mode);
      if (typeof tried === "string") return t.skip(tried);
      await using kit = tried;
      await kit.write(`scripts/a.${type}`, CODE[type]!);
      await kit.write("../other/data.txt", "other");
      const cwd = join(kit.home, "other");
      const expected = { place: cwd, data: "other", canWrite: "yes", made: "made\n" };
      assert.deepEqual(await runIn(kit, { type, cwd }), expected);
    });
  });
}

describe("a working folder", { timeout: 120_000 }, () => {
  test("is refused when it is none, and when it leads out of the folder of the script", async () => {
    await using kit = await startCaptured({ plugins: [sandbox] });
    await kit.write("scripts/a.sh", CODE["sh"]!);
    await mkdir(join(kit.home, "outside"));
    await symlink(join(kit.home, "outside"), join(kit.folder, "link"));
    const refused = async (cwd: string, reason: RegExp) => {
      await assert.rejects(kit.run("scripts/a.sh", { cwd: join(kit.folder, cwd) }), reason);
    };
    await refused(
      "link",
      /^ToolError: Cannot run script "captured": its working folder "[^"]+link" leads out of "[^"]+"$/,
    );
    await refused("none", /its working folder "[^"]+none" does not exist, or is no folder$/);
    await refused("scripts/a.sh", /its working folder "[^"]+a.sh" does not exist, or is no folder$/);
  });

  test("is refused by firejail when it has a name that this does not take", async (t) => {
    const tried = await start("firejail");
    if (typeof tried === "string") return t.skip(tried);
    await using kit = tried;
    await kit.write("scripts/a.sh", CODE["sh"]!);
    await kit.write("a,b/data.txt", "");
    const running = kit.run("scripts/a.sh", { cwd: join(kit.folder, "a,b") });
    await assert.rejects(running, /^ToolError: Cannot show "[^"]+a,b" to a command in firejail/);
  });

  test("is as writable for an interpreter that waited, and what is written there stays", async (t) => {
    const tried = await start("bubblewrap", { isWarm: true });
    if (typeof tried === "string") return t.skip(tried);
    await using kit = tried;
    await kit.write("a.py", "try:\n  open('made.txt', 'a').write('x'); print('yes')\nexcept OSError: print('no')");
    const made = () => readFile(join(kit.folder, "made.txt"), "utf8").catch(() => "");
    for (const [isFolderWritable, said, left] of [[false, "no\n", ""], [true, "yes\n", "xxx"]] as const) {
      for (let i = 0; i < 3; i++) {
        const { stdout } = await kit.run("a.py", { cwd: kit.folder, isFolderWritable });
        assert.equal(stdout, said);
        await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
      }
      assert.equal(await made(), left);
    }
  });
});
