import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { collectDiagnostics, Kernel, type Probe } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { conformance, type FakeLog, fakeLog } from "../../../kernel/testing.ts";
import { Secrets } from "../../../plugins/secrets/contract.ts";
import secrets, { type SecretsConfig } from "../../../plugins/secrets/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { callText, toolPlugin } from "../../support/plugins.ts";
import { until } from "../../support/wait.ts";

conformance(secrets, {}, { platform: createEdgePlatform({ variables: { COLLET_SECRET_KEY: "conformance-1" } }) });

interface Home extends AsyncDisposable {
  readonly path: string;
  readonly file: string;
  /** Writes the file of secrets; its owner's alone by default. */
  write(content: unknown, mode?: number): void;
}

async function makeHome(): Promise<Home> {
  const folder = await temporaryFolder();
  const file = join(folder.path, "secrets.json");
  return {
    path: folder.path,
    file,
    write(content, mode = 0o600) {
      writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
      chmodSync(file, mode);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

interface Started extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly secrets: Secrets;
  readonly log: FakeLog;
  readonly probes: readonly Probe[];
}

async function start(home: string, config: SecretsConfig = {}): Promise<Started> {
  const log = fakeLog();
  const diagnostics = collectDiagnostics();
  const echo = toolPlugin("echo", ({ text }) => text ?? "");
  const kernel = new Kernel({ log }).use(await detectPlatform({ home })).use(diagnostics.plugin);
  await kernel.use(secrets, config).use(echo).start();
  return {
    kernel,
    log,
    secrets: kernel.get(Secrets)!,
    probes: diagnostics.items,
    [Symbol.asyncDispose]: () => kernel.stop(),
  };
}

/** Waits until calls see a value under a name, or none. */
async function seen({ kernel, secrets }: Started, name: string, value: string | undefined): Promise<void> {
  await until(async () => {
    await callText(kernel, "echo");
    return secrets.names().includes(name) ? secrets.reveal([name])[name] === value : value === undefined;
  }, `"${name}" to be ${value}`);
}

async function finding({ probes }: Started) {
  return await probes.find(({ area }) => area === "secrets")!.check(new AbortController().signal);
}

const isWindows = process.platform === "win32" && "Windows has no permission bits";

describe("the file of secrets", () => {
  test("is an object of texts, which are given by name", async () => {
    await using home = await makeHome();
    home.write({ OPENAI_KEY: "sk-from-file", SKILLZ_TOKEN: "token-from-file" });
    await using started = await start(home.path);
    assert.deepEqual(started.secrets.names(), ["OPENAI_KEY", "SKILLZ_TOKEN"]);
    assert.deepEqual(started.secrets.reveal(["OPENAI_KEY"]), { OPENAI_KEY: "sk-from-file" });
    assert.equal(await callText(started.kernel, "echo", { text: "a sk-from-file b" }), "a [OPENAI_KEY] b");
    assert.match((await finding(started)).detail, /^OPENAI_KEY, SKILLZ_TOKEN; .*secrets\.json is its owner's alone$/);
  });

  test("is read again when it changed, and values that were replaced are still not shown", async () => {
    await using home = await makeHome();
    await using started = await start(home.path);
    assert.deepEqual(started.secrets.names(), []);
    assert.equal(await callText(started.kernel, "echo", { text: "first-value" }), "first-value");
    home.write({ KEY: "first-value" });
    await seen(started, "KEY", "first-value");
    assert.equal(await callText(started.kernel, "echo", { text: "first-value" }), "[KEY]");
    home.write({ KEY: "second-value" });
    await seen(started, "KEY", "second-value");
    assert.equal(await callText(started.kernel, "echo", { text: "first-value second-value" }), "[KEY] [KEY]");
    rmSync(home.file);
    await seen(started, "KEY", undefined);
    assert.equal(await callText(started.kernel, "echo", { text: "second-value" }), "[KEY]");
    assert.deepEqual(started.log.entries, []);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    test(`is refused when others can read or write it (${mode.toString(8)})`, { skip: isWindows }, async () => {
      await using home = await makeHome();
      home.write({ KEY: "open-to-others" }, mode);
      await using started = await start(home.path);
      assert.deepEqual(started.secrets.names(), []);
      const [error, ...more] = started.log.take("error");
      assert.ok(error?.message.includes(`mode ${mode.toString(8)}`), error?.message);
      assert.ok(error?.message.endsWith(`run chmod 600 "${home.file}"`), error?.message);
      assert.deepEqual(more, []);
      const { ok, remedy } = await finding(started);
      assert.deepEqual([ok, remedy], [false, `run chmod 600 "${home.file}"`]);
      assert.throws(() => started.secrets.reveal(["KEY"]), /"KEY".*mend .*which is not used: others can read/);
      chmodSync(home.file, 0o600);
      await seen(started, "KEY", "open-to-others");
      assert.equal((await finding(started)).ok, true);
    });
  }

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["no JSON", '{"KEY": "the-value', /not valid JSON/],
    ["a list", ["the-value"], /no JSON object/],
    ["a number", { KEY: 12345 }, /value of "KEY" is no text/],
    ["an empty text", { KEY: "" }, /value of "KEY" is empty/],
    ["a NUL character", { KEY: "the\0value" }, /value of "KEY" holds a NUL/],
    ["a name that is none", { "no name": "the-value" }, /"no name" is no name/],
  ];
  for (const [what, content, message] of wrong) {
    test(`is refused with ${what}, without a value in the message`, async () => {
      await using home = await makeHome();
      home.write(content);
      await using started = await start(home.path);
      const [error] = started.log.take("error");
      assert.match(error!.message, message);
      assert.ok(!error!.message.includes("value\\"), error!.message);
      assert.ok(!error!.message.includes("the-value"), error!.message);
      assert.deepEqual(started.secrets.names(), []);
    });
  }

  test("can be another by configuration, and a link, whose target counts", { skip: isWindows }, async () => {
    await using home = await makeHome();
    const folder = join(home.path, "elsewhere");
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "data", "real.json"), '{"KEY":"by-a-link"}', { mode: 0o600 });
    symlinkSync("data/real.json", join(folder, "mine.json"));
    await using started = await start(home.path, { file: join(folder, "mine.json") });
    assert.deepEqual(started.secrets.reveal(["KEY"]), { KEY: "by-a-link" });
    chmodSync(join(folder, "data", "real.json"), 0o644);
    await seen(started, "KEY", undefined);
    assert.equal(started.log.take("error").length, 1);
  });
});

describe("secrets of the environment", () => {
  const platform = createEdgePlatform({
    variables: {
      COLLET_SECRET_OPENAI_KEY: "sk-environment",
      COLLET_SECRET_EMPTY: "",
      "COLLET_SECRET_not-a-name": "not-a-name-value",
      SKILLZ_API_TOKEN: "skillz-token",
      SKILLZ_DEBUG: "1",
      SKILLZ_ROOTS: "/some/roots",
      SKILLZ_SANDBOX: "bubblewrap",
      SKILLZ_SANDBOX_NETWORK: "true",
    },
    files: { "secrets.json": '{"OPENAI_KEY":"sk-from-a-file","OTHER":"other-value"}' },
  });

  test("are COLLET_SECRET_* without the prefix, and SKILLZ_* with it, but for the settings", async () => {
    await using kernel = await new Kernel({ log: fakeLog() }).use(platform).use(secrets).start();
    const found = kernel.get(Secrets)!;
    assert.deepEqual(found.names(), ["OPENAI_KEY", "OTHER", "SKILLZ_API_TOKEN", "SKILLZ_DEBUG"]);
    assert.deepEqual(found.reveal(["OPENAI_KEY", "SKILLZ_DEBUG"]), { OPENAI_KEY: "sk-environment", SKILLZ_DEBUG: "1" });
    assert.equal(
      found.redact("sk-environment skillz-token 1 bubblewrap"),
      "[OPENAI_KEY] [SKILLZ_API_TOKEN] 1 bubblewrap",
    );
  });

  test("Secrets.reveal() names what is not there, and how to set it", async () => {
    await using kernel = await new Kernel({ log: fakeLog() }).use(platform).use(secrets).start();
    const found = kernel.get(Secrets)!;
    assert.throws(
      () => found.reveal(["OPENAI_KEI"]),
      /^ToolError: Cannot give secret "OPENAI_KEI": .*did you mean "OPENAI_KEY".*COLLET_SECRET_OPENAI_KEI .*secrets\.json"$/,
    );
    assert.throws(() => found.reveal(["SKILLZ_NO"]), /set the variable SKILLZ_NO for/);
    assert.throws(() => found.reveal(["toString"]), /"toString": there is none/);
  });
});
