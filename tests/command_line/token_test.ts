import assert from "node:assert/strict";
import { chmod, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { isLoopback } from "../../kernel/command_line/app_options.ts";
import { findToken, type TokenOptions } from "../../kernel/command_line/token.ts";
import { isKernelError } from "../../kernel/errors.ts";
import { makeFolder } from "./program.ts";

interface Given extends Partial<TokenOptions["settings"]> {
  readonly home: string;
  readonly variable?: string;
  readonly isDryRun?: boolean;
}

function find({ home, variable, isDryRun = false, ...settings }: Given) {
  return findToken({
    settings: { host: "127.0.0.1", noToken: false, tokenFile: undefined, ...settings },
    home,
    isDryRun,
    variable: (name) => name === "COLLET_TOKEN" ? variable : undefined,
  });
}

async function refused(given: Given, message: RegExp) {
  await assert.rejects(find(given), (thrown) => {
    assert.ok(isKernelError(thrown));
    assert.equal(thrown.code, "OPTION_INVALID");
    assert.match(thrown.message, message);
    return true;
  });
}

describe("findToken()", () => {
  test("makes a token of 32 bytes for this user alone, and finds it again", async () => {
    await using folder = await makeFolder();
    const home = join(folder.path, "home");
    const made = await find({ home });
    assert.match(made.token ?? "", /^[\w-]{43}$/);
    assert.deepEqual([made.isNew, made.source], [true, `kept in ${join(home, "token")}`]);
    assert.equal((await readFile(join(home, "token"), "utf8")).trim(), made.token);
    if (process.platform !== "win32") {
      assert.equal((await stat(join(home, "token"))).mode & 0o777, 0o600);
      assert.equal((await stat(home)).mode & 0o777, 0o700);
    }
    const found = await find({ home });
    assert.deepEqual([found.token, found.isNew], [made.token, false]);
  });

  test("gives one token to servers that start at the same time, and is new to one of them", async () => {
    await using folder = await makeFolder();
    const found = await Promise.all(Array.from({ length: 20 }, () => find({ home: folder.path })));
    assert.equal(new Set(found.map((it) => it.token)).size, 1);
    assert.equal(found.filter((it) => it.isNew).length, 1);
  });

  test("makes nothing in a dry run", async () => {
    await using folder = await makeFolder();
    assert.match((await find({ home: folder.path, isDryRun: true })).source, /made at the first start/);
    await assert.rejects(stat(join(folder.path, "token")));
  });

  test("takes the variable before the file, and the file before the home", async () => {
    await using folder = await makeFolder();
    const home = folder.path;
    const tokenFile = await folder.write("t", " from-file\n");
    await chmod(tokenFile, 0o600);
    assert.equal((await find({ home, tokenFile, variable: "given" })).token, "given");
    const { token, warning } = await find({ home, tokenFile });
    assert.deepEqual([token, warning], ["from-file", undefined]);
  });

  test("warns of a token file that others can read", { skip: process.platform === "win32" && "no modes" }, async () => {
    await using folder = await makeFolder();
    const tokenFile = await folder.write("t", "x");
    await chmod(tokenFile, 0o644);
    assert.match((await find({ home: folder.path, tokenFile })).warning ?? "", /Other users can read .*chmod 600/);
  });

  test("refuses an empty token, wherever it comes from", async () => {
    await using folder = await makeFolder();
    const home = folder.path;
    await refused({ home, variable: "" }, /token of variable COLLET_TOKEN: it is empty/);
    await refused({ home, variable: "a b" }, /holds characters that a header cannot carry/);
    await refused({ home, tokenFile: await folder.write("empty", "\n") }, /token file ".*empty": it is empty/);
    await folder.write("token", "");
    await refused({ home }, /token file ".*token": it is empty/);
  });

  test("refuses a token file that cannot be read", async () => {
    await using folder = await makeFolder();
    await refused({ home: folder.path, tokenFile: join(folder.path, "absent") }, /Cannot read token file/);
  });

  test("wants an explicit token where others can reach the server", async () => {
    await using folder = await makeFolder();
    const home = folder.path;
    for (const host of ["0.0.0.0", "::", "192.168.0.2", "example.com", ""]) {
      await refused({ home, host }, /others can reach it, and no token was given/);
      assert.equal((await find({ home, host, variable: "x" })).token, "x");
    }
  });

  test("goes without a token on this machine only, and not when one is given", async () => {
    await using folder = await makeFolder();
    const home = folder.path;
    assert.equal((await find({ home, noToken: true })).token, undefined);
    await assert.rejects(stat(join(home, "token")));
    await refused({ home, noToken: true, host: "0.0.0.0" }, /Cannot use --no-token with host "0.0.0.0"/);
    await refused({ home, noToken: true, variable: "x" }, /a token is given as well/);
    await refused({ home, noToken: true, tokenFile: "x" }, /a token is given as well/);
  });
});

test("isLoopback() knows the addresses of this machine", () => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) assert.equal(isLoopback(host), true, host);
  for (const host of ["", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "128.0.0.1"]) {
    assert.equal(isLoopback(host), false, host);
  }
});
