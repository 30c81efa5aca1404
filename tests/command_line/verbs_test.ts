import assert from "node:assert/strict";
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { flagOf, settingEntries } from "../../kernel/command_line/settings.ts";
import { readPackageManifest } from "../../scripts/lib/repository.ts";
import { SHOUT_JS, TROUBLE_JS } from "./fixtures.ts";
import { makeFolder, runProgram, startProgram, type TestFolder } from "./program.ts";

async function makeHome(plugins: Readonly<Record<string, string>> = {}): Promise<TestFolder> {
  const home = await makeFolder();
  for (const [name, text] of Object.entries(plugins)) await home.write(name, text);
  const named = Object.fromEntries(Object.keys(plugins).map((name) => [`./${name}`, {}]));
  const server = { limits: { grace_ms: 100 } };
  await home.write("collet.json", JSON.stringify({ server, plugins: named }));
  return home;
}

describe("collet --version and --help", () => {
  test("--version prints the version of the package", async () => {
    await using home = await makeFolder();
    const { code, stdout, stderr } = await runProgram(["--version"], { home: home.path });
    assert.deepEqual([code, stdout, stderr], [0, `collet ${readPackageManifest().version}\n`, ""]);
  });

  test("--help prints all commands, those of plugins too, and all flags; it leaves nothing in the home", async () => {
    await using home = await makeFolder();
    const { code, stdout, stderr } = await runProgram(["--help"], { home: join(home.path, "home") });
    assert.deepEqual([code, stderr], [0, ""]);
    for (const verb of ["serve", "list", "call", "doctor", "backup FILE", "restore FILE"]) {
      assert.match(stdout, new RegExp(`^  ${verb}`, "m"));
    }
    for (const [name] of settingEntries()) assert.ok(stdout.includes(`--${flagOf(name)}`), name);
    assert.ok(stdout.split("\n").every((line) => line.length <= 160));
    assert.deepEqual(await readdir(home.path), []);
  });

  test("--help helps also when the configuration is wrong, and says so", async () => {
    await using home = await makeFolder();
    await home.write("collet.json", "{");
    const { code, stdout, stderr } = await runProgram(["-h"], { home: home.path });
    assert.equal(code, 0);
    assert.match(stderr, /error\[CONFIG_INVALID\].*\n[^]*left out/);
    assert.match(stdout, /usage: collet/);
  });
});

describe("collet list", () => {
  test("lists tools with the first line of their description", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    const { code, stdout } = await runProgram(["list"], { home: home.path });
    assert.equal(code, 0);
    assert.match(stdout, /^shout +Say it loudly$/m);
  });

  test("lists as JSON", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    const { stdout } = await runProgram(["list", "tools", "--json"], { home: home.path });
    const tools = JSON.parse(stdout) as { name: string; owner: string }[];
    assert.equal(tools.find((tool) => tool.name === "shout")?.owner, "shout");
  });

  test("lists plugins, resources and prompts", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    const { stdout } = await runProgram(["list", "plugins"], { home: home.path });
    assert.match(stdout, /^store +1\.0\.0, \d+ ms: Keeps/m);
    assert.match(stdout, /^shout +1\.0\.0, \d+ ms$/m);
    for (const kind of ["resources", "prompts"]) {
      const listed = await runProgram(["list", kind, "--json"], { home: home.path });
      assert.ok(Array.isArray(JSON.parse(listed.stdout)), kind);
    }
  });
});

describe("collet call", () => {
  test("prints the text of a result", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    const { code, stdout, stderr } = await runProgram(["call", "shout", '{"text":"hi"}'], { home: home.path });
    const others = stderr.split("\n").filter((line) => line !== "" && !line.includes("No sandbox: none is installed"));
    assert.deepEqual([code, stdout, others], [0, "HI!\n", []]);
  });

  test("prints the whole result as JSON", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    const { code, stdout } = await runProgram(["--json", "call", "shout", '{"text":"hi"}'], { home: home.path });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { content: [{ type: "text", text: "HI!" }] });
  });

  test("reads the arguments from stdin", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    const { code, stdout } = await runProgram(["call", "shout", "-"], { home: home.path, input: '{"text":"é"}\n' });
    assert.deepEqual([code, stdout], [0, "É!\n"]);
  });

  test("prints a failure on stderr, with its reason, and exits with 1", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS, "shout.js": SHOUT_JS });
    const failed = await runProgram(["call", "fail"], { home: home.path });
    assert.deepEqual([failed.code, failed.stdout], [1, ""]);
    assert.match(failed.stderr, /^Tool "fail" failed: its own fault$/m);
    const invalid = await runProgram(["call", "shout", "{}"], { home: home.path });
    assert.equal(invalid.code, 1);
    assert.match(invalid.stderr, /Invalid arguments for tool "shout": .*"text"/);
  });

  test("names what is no text", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS });
    const { stdout } = await runProgram(["call", "picture"], { home: home.path });
    assert.equal(stdout, "(image: image/png)\na picture\n");
  });

  test("ends the call when it is interrupted", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS });
    await using running = await startProgram(["call", "hang", "--log-level", "info"], { home: home.path });
    await running.seen("stderr", /HANGING/);
    running.signal("SIGINT");
    const { code, stderr } = await running.ended;
    assert.equal(code, 1);
    assert.match(stderr, /interrupted by SIGINT/);
  });
});

describe("collet doctor", () => {
  test("tells what is there, and exits with 0", async () => {
    await using home = await makeFolder();
    const { code, stdout } = await runProgram(["doctor"], { home: home.path });
    assert.equal(code, 0, stdout);
    for (const area of ["collet", "interpreters", "packages", "compilers", "services", "sandboxes", "limits"]) {
      assert.match(stdout, new RegExp(`^${area}$`, "m"));
    }
    assert.match(stdout, /^ {2}ok {2}runtime +(?:deno|node) \d+\.\d+/m);
    assert.match(stdout, /^ {2}ok {2}SQLite +SQLite 3\./m);
    assert.match(stdout, /^ {2}ok {2}max_calls +256$/m);
  });

  test("tells it as JSON, with a remedy for what is not there", async () => {
    await using home = await makeFolder();
    // nothing but an empty folder to find programs in
    const { code, stdout } = await runProgram(["doctor", "--json"], { home: home.path, env: { PATH: home.path } });
    const findings = JSON.parse(stdout) as { area: string; name: string; ok: boolean; remedy?: string }[];
    assert.equal(code, 0);
    const git = findings.find((it) => it.name === "git");
    assert.deepEqual([git?.ok, typeof git?.remedy], [false, "string"]);
  });

  test("names the program that does not answer", async () => {
    await using home = await makeFolder();
    await chmod(await home.write("bin/git", "#!/bin/sh\necho broken >&2\nexit 3\n"), 0o755);
    const { stdout } = await runProgram(["doctor"], {
      home: home.path,
      env: { PATH: `${join(home.path, "bin")}:/bin:/usr/bin` },
    });
    assert.match(stdout, /-- {2}git +.*\/bin\/git: exit 3: broken/);
  });

  test("exits with 1 when a plugin does not start, and tells the rest", async () => {
    await using home = await makeHome({
      "bad.js": "export default { name: 'bad', version: '1', setup() { throw Error('no'); } }",
    });
    const { code, stdout } = await runProgram(["doctor"], { home: home.path });
    assert.equal(code, 1);
    assert.match(stdout, /-- {2}plugins +error\[PLUGIN_SETUP_FAILED\] Cannot load plugin "bad"/);
    assert.match(stdout, /ok {2}SQLite/);
  });
});

describe("collet backup, a command of a plugin", () => {
  test("writes a file", async () => {
    await using home = await makeFolder();
    const file = join(home.path, "out.tar.gz");
    const { code, stdout } = await runProgram(["backup", file], { home: join(home.path, "home") });
    assert.equal(code, 0);
    assert.match(stdout, /Wrote/);
  });
});

describe("collet with a wrong command line", () => {
  const cases: readonly [title: string, args: readonly string[], message: RegExp][] = [
    ["an unknown command", ["bakup"], /^error\[OPTION_INVALID\] Cannot run "bakup": .*did you mean "backup"\?$/m],
    ["an unknown flag", ["--prot", "1"], /^error\[OPTION_INVALID\] Cannot use flag "--prot".*\n {2}fix: see --help/],
    ["a bad value", ["--port", "x"], /^error\[OPTION_INVALID\] Cannot use --port "x": expected a whole number/],
    ["an unknown sandbox", ["--sandbox", "jail"], /Cannot use --sandbox "jail".*did you mean/],
    ["words that serve does not take", ["serve", "http"], /Cannot use "http": "serve" takes no more/],
    ["an unknown kind to list", ["list", "tols"], /Cannot list "tols": .*did you mean "tools"/],
    ["too many words to list", ["list", "tools", "x"], /Cannot use "x": "list" takes no more/],
    ["no tool to call", ["call"], /Cannot call: the name of a tool is missing/],
    ["an unknown tool to call", ["call", "shot"], /Cannot call "shot": there is no such tool; did you mean "shout"/],
    [
      "arguments that are no JSON",
      ["call", "shout", "{x}"],
      /Cannot read the arguments: .*\n {2}fix: give one JSON object/,
    ],
    [
      "arguments that are no object",
      ["call", "shout", "[1]"],
      /Cannot use the arguments \[1\]: expected a JSON object/,
    ],
    ["too many words to call", ["call", "shout", "{}", "x"], /Cannot use "x"/],
    ["a configuration that is not there", ["--config", "no.json"], /^error\[CONFIG_UNREADABLE\] .*no\.json"/],
  ];
  for (const [title, args, message] of cases) {
    test(`refuses ${title}`, async () => {
      await using home = await makeHome({ "shout.js": SHOUT_JS });
      const { code, stdout, stderr } = await runProgram(args, { home: home.path });
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, message);
    });
  }

  const sandboxes: readonly [title: string, args: readonly string[], message: RegExp][] = [
    [
      "a required sandbox where none is there",
      ["--sandbox", "required"],
      /error\[PLUGIN_SETUP_FAILED\][^]*"required" is asked for[^]* bwrap is not in PATH; install bubblewrap[^]*--sandbox off/,
    ],
    [
      "a named sandbox that is not there",
      ["-t", "http", "--sandbox", "bwrap"],
      /"bubblewrap" is asked for[^]* bwrap is not in PATH; install bubblewrap/,
    ],
    [
      "a sandbox whose plugin is left out",
      ["--sandbox", "required", "--config", "without.json"],
      /error\[OPTION_INVALID\] .*"required", and the plugin "sandbox" is left out\n {2}fix: .*--sandbox off/,
    ],
  ];
  for (const [title, args, message] of sandboxes) {
    test(`refuses ${title}`, async () => {
      await using home = await makeHome({ "shout.js": SHOUT_JS });
      await home.write("without.json", '{"plugins":{"sandbox":false}}');
      await home.write("none/nothing", "");
      const { code, stdout, stderr } = await runProgram(args, {
        home: home.path,
        cwd: home.path,
        env: { PATH: join(home.path, "none") },
      });
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, message);
    });
  }

  test("names the variable that is wrong", async () => {
    await using home = await makeFolder();
    const { code, stderr } = await runProgram(["list"], { home: home.path, env: { COLLET_LOG_LEVEL: "verbose" } });
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use COLLET_LOG_LEVEL "verbose"/);
    for (const [name, word] of [["SKILLZ_SANDBOX", "jail"], ["SKILLZ_SANDBOX_NETWORK", "allowed"]] as const) {
      const refused = await runProgram(["list"], { home: home.path, env: { [name]: word } });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, new RegExp(`Cannot use ${name} "${word}": expected `));
    }
  });
});

describe("collet.json", () => {
  test("is that of the home, or of --config, or of COLLET_CONFIG; never that of the working folder", async () => {
    await using home = await makeHome({ "shout.js": SHOUT_JS });
    await using elsewhere = await makeFolder();
    const tools = async (args: readonly string[], env: Record<string, string>, cwd: string) => {
      const { code, stdout, stderr } = await runProgram(["list", ...args], {
        home: join(elsewhere.path, "home"),
        env,
        cwd,
      });
      assert.equal(code, 0, stderr);
      return /^shout /m.test(stdout);
    };
    const config = join(home.path, "collet.json");
    assert.equal(await tools([], {}, home.path), false);
    assert.equal(await tools(["--config", config], {}, elsewhere.path), true);
    assert.equal(await tools(["--config", "collet.json"], {}, home.path), true);
    assert.equal(await tools([], { COLLET_CONFIG: config }, elsewhere.path), true);
    assert.equal(await tools(["--home", home.path], {}, elsewhere.path), true);
  });
});
