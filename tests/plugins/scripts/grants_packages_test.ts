/**
 * Packages by address, and programs of packages, for which scripts ask: of npm and of Python, made here and served on a
 * loopback port.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { choosePath, type TemporaryFolder, temporaryFolder, uvPath } from "../dependencies/kit.ts";
import { ceilingOf, ERAS, type GrantingServer, refused, startGranting, succeed } from "./granting.ts";

const run = promisify(execFile);

/** Makes a package of npm that says whether its install script ran. */
async function packNode({ path }: TemporaryFolder): Promise<string> {
  const folder = join(path, "package");
  await mkdir(folder);
  const scripts = { install: "node -e \"fs.writeFileSync('ran', 'x')\"" };
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "scripted", version: "1.0.0", scripts }));
  await writeFile(join(folder, "index.js"), 'module.exports = require("fs").existsSync(__dirname + "/ran");');
  await run("tar", ["czf", "scripted-1.0.0.tgz", "package"], { cwd: path });
  return join(path, "scripted-1.0.0.tgz");
}

/** Serves the files of a folder by their names. */
async function serveFolder({ path }: TemporaryFolder): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async ({ url = "" }, response) => {
    const content = await readFile(join(path, url.slice(1))).catch(() => undefined);
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function assertNothingSaved({ home, kernel }: GrantingServer, name: string): Promise<void> {
  assert.equal(kernel.tools.get(name), undefined);
  const left = await readdir(join(home, "tools")).catch(() => []);
  assert.deepEqual(left.filter((it) => !it.startsWith(".")), []);
  for (const folder of ["tools/.staging", "environments/.staging", "environments/node", "environments/python"]) {
    assert.deepEqual(await readdir(join(home, folder)).catch(() => []), [], folder);
  }
}

for (const era of ERAS) {
  test(`a package by its address, and its install script, are asked for at registration over HTTP in ${era}`, async () => {
    await using folder = await temporaryFolder();
    const tarball = await packNode(folder);
    await using web = await serveFolder(folder);
    await using server = await startGranting();
    const script = {
      ...{ name: "packed", description: "x", interpreter: "node" },
      code: 'console.log("ran: " + require("scripted"))',
    };
    const strict = await server.connect({ era, answer: "no" });
    const mute = await server.connect({ era });
    for (const word of [tarball, `${web.url}/scripted-1.0.0.tgz`]) {
      const ungranted = { ...script, dependencies: [word] };
      assert.match(
        refused(await strict.call("register_script", ungranted)),
        /^Cannot install package ".*scripted-1\.0\.0\.tgz" of node: .* has to be granted \(direct_dependencies\)/,
      );
      await assertNothingSaved(server, "packed");
    }
    assert.deepEqual(strict.questions, []);

    const grants = { direct_dependencies: true };
    const direct = { ...script, dependencies: [`${web.url}/scripted-1.0.0.tgz`], grants };
    assert.match(
      refused(await strict.call("register_script", direct)),
      /install packages from addresses.* the user refused/,
    );
    assert.equal(strict.questions.length, 1);
    assert.deepEqual(ceilingOf(refused(await mute.call("register_script", direct))), grants);
    await assertNothingSaved(server, "packed");

    const user = await server.connect({ era, answer: "always" });
    await user.register(direct);
    assert.equal(succeed(await user.call("packed")), "ran: false");
    assert.equal(succeed(await mute.call("packed")), "ran: false");
    assert.deepEqual(user.questions.length, 1);

    const both = { ...direct, grants: { ...grants, install_scripts: true }, overwrite: true };
    assert.match(
      refused(await strict.call("register_script", both)),
      /run programs of packages while they are installed/,
    );
    assert.equal(succeed(await mute.call("packed")), "ran: false", "the tool before is in place");
    await user.register(both);
    assert.equal(succeed(await user.call("packed")), "ran: true");
    assert.equal(user.questions.length, 2);
    // other packages are asked for anew
    await user.register({ ...both, dependencies: [tarball] });
    assert.equal(user.questions.length, 3);
    assert.equal(succeed(await user.call("packed")), "ran: true");
  });
}

test("a package of Python by its address is installed within a ceiling that allows it, and asked for without", async () => {
  await using folder = await temporaryFolder();
  await using web = await serveFolder(folder);
  const uv = uvPath();
  await using _ = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
  const wheel = "direct_one-1.0-py3-none-any.whl";
  const files = {
    "direct_one.py": "NAME = 'direct'\n",
    "direct_one-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: direct-one\nVersion: 1.0\n",
    "direct_one-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "direct_one-1.0.dist-info/RECORD": "direct_one.py,,\n",
  };
  const zip = "import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n" +
    "    for name, text in json.loads(sys.argv[2]).items(): z.writestr(name, text)";
  await run("python3", ["-c", zip, join(folder.path, wheel), JSON.stringify(files)]);
  const script = {
    ...{ name: "snake", description: "x", interpreter: "python3", grants: { direct_dependencies: true } },
    code:
      `# /// script\n# dependencies = ["direct-one @ ${web.url}/${wheel}"]\n# ///\nimport direct_one\nprint(direct_one.NAME)`,
  };
  {
    await using server = await startGranting();
    const mute = await server.connect();
    const text = refused(await mute.call("register_script", script));
    assert.deepEqual(ceilingOf(text), { direct_dependencies: true });
    await assertNothingSaved(server, "snake");
    const user = await server.connect({ answer: "once" });
    await user.register(script);
    assert.equal(succeed(await user.call("snake")), "direct");
    assert.equal(user.questions.length, 2, "once at registration, once at the call");
  }
  await using server = await startGranting({ ceiling: { direct_dependencies: true } });
  const mute = await server.connect();
  await mute.register(script);
  assert.equal(succeed(await mute.call("snake")), "direct");
});
