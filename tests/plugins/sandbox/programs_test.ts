/**
 * Programs that lie outside the system, as commands in the sandbox find them; and programs that a tool brings along.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { type Confinement, Sandbox } from "../../../plugins/sandbox/contract.ts";
import sandbox from "../../../plugins/sandbox/mod.ts";
import { temporaryFolder } from "../dependencies/kit.ts";
import { startKernel } from "../library/kit.ts";
import { refused, startGranting, succeed } from "../scripts/granting.ts";

const run = promisify(execFile);
const PYTHON = "/usr/bin/python3";

/** Runs a program confined, and gives its stdout. */
type RunConfined = (program: string, args: readonly string[], confinement?: Confinement) => Promise<string>;

/** Gives what runs commands by bubblewrap, and a folder that they do not see; or skips the test. */
async function start(t: TestContext) {
  const folder = await temporaryFolder();
  const running = await startKernel({ home: join(folder.path, "home"), plugins: [sandbox] });
  const end = async () => {
    await running[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  const box = running.kernel.get(Sandbox)!;
  if (await box.mechanism().catch(() => undefined) !== "bubblewrap") {
    await end();
    t.skip("bubblewrap is not installed, or does not work here");
    return undefined;
  }
  const runConfined: RunConfined = async (program, args, confinement = {}) => {
    const confined = await box.confine({ ...confinement, programs: [program] });
    const process = await confined.spawn({ program, args, env: confined.env });
    await process.end();
    let text = "";
    for await (const piece of process.stdout) text += piece;
    let problem = "";
    for await (const piece of process.stderr) problem += piece;
    assert.equal((await process.exited).code, 0, problem);
    return text.trim();
  };
  return { path: folder.path, runConfined, [Symbol.asyncDispose]: end };
}

describe("a program outside the system", () => {
  test("that is a link to one of the system is that one", async (t) => {
    await using kit = await start(t);
    if (kit === undefined) return;
    await symlink("/bin/sh", join(kit.path, "shell"));
    assert.equal(await kit.runConfined(join(kit.path, "shell"), ["-c", "echo it runs"]), "it runs");
    if (!existsSync(PYTHON)) return t.diagnostic(`${PYTHON} is not there: a link to it was not run`);
    await symlink(PYTHON, join(kit.path, "python3"));
    assert.equal(await kit.runConfined(join(kit.path, "python3"), ["-c", "import json; print(1)"]), "1");
  });

  test("that is the Python of a virtual environment has its packages where that is seen", async (t) => {
    await using kit = await start(t);
    if (kit === undefined) return;
    if (!existsSync(PYTHON)) return t.skip(`${PYTHON} is not there`);
    const code = "import sys, helper; print(sys.prefix, helper.WORD)";
    const base = join(kit.path, "base");
    await mkdir(base);
    await symlink(PYTHON, join(base, "python3"));
    const cases = [[PYTHON, "/tools/x"], [join(base, "python3"), "/usr"]] as const;
    for (const [i, [python, prefix]] of cases.entries()) {
      const place = join(kit.path, `environment ${i}`);
      await run(python, ["-m", "venv", "--without-pip", place]);
      const [version = ""] = await readdir(join(place, "lib"));
      await writeFile(join(place, "lib", version, "site-packages/helper.py"), 'WORD = "found"\n');
      const mounts = [{ from: place, to: "/tools/x" }];
      assert.equal(await kit.runConfined(join(place, "bin/python"), ["-c", code], { mounts }), `${prefix} found`);
    }
  });

  test("that is a file by itself is all that is seen of its folder", async (t) => {
    await using kit = await start(t);
    if (kit === undefined) return;
    const program = join(kit.path, "looker");
    await writeFile(program, `#!/bin/sh\nls /runtime/looker/bin; test -e '${kit.path}' || echo hidden\n`);
    await chmod(program, 0o755);
    assert.equal(await kit.runConfined(program, []), "looker\nhidden");
  });
});

test("a program that a tool brings along is run nowhere but in the sandbox, by whatever name", async (t) => {
  await using folder = await temporaryFolder();
  const marker = join(folder.path, "ran");
  await using server = await startGranting();
  if (await server.kernel.get(Sandbox)!.mechanism() === undefined) return t.skip("no sandbox is installed");
  const user = await server.connect();
  const code = `#!/bin/sh\n{ echo x > '${marker}'; } 2>/dev/null\necho '["3.1","/bin/sh"]'\n`;
  for (const [name, extension] of [["python3", "1"], ["ruby", "3"]] as const) {
    await user.register({ name, extension, code });
    const interpreter = join(server.home, `tools/${name}/${name}.${extension}`);
    assert.ok(existsSync(interpreter));
    await user.register({ name: `by_${name}`, interpreter, code: "1" });
    assert.match(succeed(await user.call(`by_${name}`)), /3\.1/, "it runs the script");
    const packages = { name: `with_${name}`, description: "x", interpreter, code: "1", dependencies: ["six"] };
    refused(await user.call("register_script", packages));
    assert.equal(existsSync(marker), false, name);
  }
  const tools = await readdir(join(server.home, "tools"));
  assert.ok(tools.includes("by_ruby"), tools.join());
});
