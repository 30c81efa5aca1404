/**
 * Tools in every language that is built from source, through real clients: what goes in and out, how they fail, what ends
 * them, what they reach. One tool of each language does it all by its argument `action`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { textOf, type ToolResult } from "../../../../kernel/mod.ts";
import { borrowGoBuilds, keepGoBuilds } from "../../../support/go_builds.ts";
import { borrowToolchains, keepToolchains } from "../../../support/toolchains.ts";
import { pause } from "../../../support/wait.ts";
import { makeFolder, removeBundle, type TestFolder } from "../../../command_line/program.ts";
import { isUnreachable } from "../toolchain_kit.ts";
import { borrowPackages, keepPackages } from "./kept_packages.ts";
import { LANGUAGE_TOOLS, type LanguageTool, PING } from "./languages.ts";
import { type LanguageServer, openHttp, openStdio, OTHER, OWN, type ServedHome, wordsFor } from "./server.ts";

/** Limits of the tools: of their memory, and of the time of those that never end. */
const MEMORY_MB = 128;
const BRIEF_MS = 1_500;
/** How long a call may take that does nothing, while another computes without end; machines of CI are slow. */
const PING_MS = 5_000;
const SEEN = "zwölf 🎉";
/** What cargo and Go say when there is no network. */
const OFFLINE_REGEXP = /Could not resolve host|dial tcp|failed to resolve address/i;

/** What came of a build. */
interface Outcome {
  readonly result: ToolResult;
  /** Why there is no tool, though nothing is wrong: no compiler, or no registry. */
  readonly lacking?: string;
}

let folder: TestFolder;
let home: ServedHome;
let server: LanguageServer;
/** Of the same home. */
let overHttp: Promise<LanguageServer> | undefined;
let granted: string;
let outside: string;
const builds = new Map<string, Promise<Outcome>>();

before(async () => {
  folder = await makeFolder();
  const path = await realpath(folder.path);
  [granted, outside] = [join(path, "granted"), join(path, "outside")];
  await Promise.all([granted, outside, join(path, "home")].map((it) => mkdir(it)));
  await writeFile(join(outside, "secret.txt"), "not for tools");
  await symlink(join(outside, "secret.txt"), join(granted, "link.txt"));
  const ceiling = { read: [granted], write: [granted], env: ["LANGUAGES_SEEN"] };
  // by default the whole of so long an answer is a resource
  const plugins = { results: { inline_characters: 8_000_000 } };
  await folder.write("home/collet.json", JSON.stringify({ ceiling, plugins }));
  home = { path: join(path, "home"), env: { LANGUAGES_SEEN: SEEN, LANGUAGES_HIDDEN: "hidden" } };
  await Promise.all([borrowToolchains, borrowGoBuilds, borrowPackages].map((borrow) => borrow(home.path)));
  server = await openStdio(await ownWords(), home);
  await build(PING, {});
  for (const tool of LANGUAGE_TOOLS) builds.set(tool.name, attempt(tool));
});

after(async () => {
  await server?.[Symbol.asyncDispose]();
  await (await overHttp)?.[Symbol.asyncDispose]();
  await removeBundle();
  for (const keep of [keepToolchains, keepGoBuilds, keepPackages]) await keep(home.path);
  await folder[Symbol.asyncDispose]();
});

function grantsOf(): object {
  return {
    grants: { read: [granted], write: [granted], env: ["LANGUAGES_SEEN"] },
    memory_mb: MEMORY_MB,
    timeout_ms: 60_000,
  };
}

/** Starts the other server, when all is built that it is to find. */
function serveOverHttp(): Promise<LanguageServer> {
  return overHttp ??= Promise.all(builds.values()).then(async () => await openHttp(await ownWords(), home));
}

async function ownWords(): Promise<readonly string[]> {
  const words = await wordsFor(OWN);
  assert.ok(!("missing" in words));
  return words;
}

async function build(
  { name, language, code, files, registry }: LanguageTool,
  more: object,
  on: LanguageServer = server,
): Promise<ToolResult> {
  return await on.call("build_tool", {
    name,
    language,
    code,
    description: `Does in ${language} what it is told`,
    ...(files !== undefined && { files }),
    ...(registry !== undefined && { dependencies: registry.dependencies }),
    ...more,
  });
}

/** Builds a tool, and prints what it lacks: not every runner of tests tells why it skips. */
async function attempt(tool: LanguageTool): Promise<Outcome> {
  const result = await build(tool, grantsOf());
  if (result.isError !== true) return { result };
  const text = textOf(result);
  const { missing } = (result.structuredContent ?? {}) as { readonly missing?: string };
  if (missing === undefined && !OFFLINE_REGEXP.test(text) && !isUnreachable(new Error(text))) return { result };
  const lacking = missing === undefined
    ? `its registry cannot be reached: ${text.slice(0, 300)}`
    : `there is no compiler: ${missing}`;
  process.stderr.write(`Tools in ${tool.language} are not tested: ${lacking}\n`);
  return { result, lacking };
}

/** Tells whether a tool was built; without its compiler or its registry the test is skipped. */
async function isBuilt(t: TestContext, { name }: LanguageTool): Promise<boolean> {
  const { result, lacking } = await builds.get(name)!;
  if (lacking !== undefined) t.skip(lacking);
  else assert.notEqual(result.isError, true, textOf(result));
  return lacking === undefined;
}

async function succeed(name: string, args: object, from: LanguageServer = server): Promise<Record<string, unknown>> {
  const result = await from.call(name, args);
  assert.notEqual(result.isError, true, textOf(result));
  assert.ok(result.structuredContent !== undefined, `no structured content: ${textOf(result).slice(0, 500)}`);
  return result.structuredContent as Record<string, unknown>;
}

async function fail(name: string, args: object): Promise<string> {
  const result = await server.call(name, args);
  assert.equal(result.isError, true, textOf(result).slice(0, 500));
  return textOf(result);
}

const TEXT = 'a "quoted" \\ text\nof é, 漢字, 🎉 and 𝒳\t\u0001\u2028/';
const VALUE = {
  list: [1, -2.5, 1e21, true, false, null, "🎉", [], {}, [[["deep"]]]],
  "клю́ч 🗝": { "": "", [TEXT]: TEXT, nested: { again: { "𝒳": ["\u{1F9D1}\u200D\u{1F680}", "\\u0041", "\u007f"] } } },
};

/** Fails unless a tool gives nested values as they came. */
async function assertEchoes({ name, isEchoing }: LanguageTool, from: LanguageServer = server): Promise<void> {
  const given = { action: "echo", value: VALUE, text: TEXT };
  const expected = { value: VALUE, text: TEXT, points: [...TEXT].length };
  assert.deepEqual(await succeed(name, given, from), isEchoing ? given : expected);
}

/** Fails unless a tool gives a text of 5 MB as it came. */
async function assertGivesAll({ name, isEchoing }: LanguageTool, from: LanguageServer): Promise<void> {
  const text = "aé漢🎉".repeat(500_000);
  const answer = await succeed(name, { action: "size", text }, from);
  // a message of some megabytes is no help when it differs
  assert.ok(answer["text"] === text, "the text is another one");
  if (!isEchoing) assert.equal(answer["bytes"], 5_000_000);
}

for (const tool of LANGUAGE_TOOLS) {
  const { name, language, registry, naming, isEchoing = false } = tool;
  const when = (title: string, body: (t: TestContext) => Promise<void>) =>
    test(title, async (t) => {
      if (await isBuilt(t, tool)) await body(t);
    });

  describe(`A tool in ${language}`, () => {
    when("is built with a package of its registry, or is told that it has none", async () => {
      const { result } = await builds.get(name)!;
      const { kind, language: told } = result.structuredContent as { readonly kind: string; readonly language: string };
      assert.deepEqual([kind, told], [tool.kind, language]);
      if (registry !== undefined) {
        return assert.deepEqual(await succeed(name, { action: "package" }), { package: registry.answer });
      }
      const refused = await build(tool, { dependencies: ["something@1"], overwrite: true });
      assert.equal(refused.isError, true, textOf(refused));
      assert.match(textOf(refused), tool.refusal!);
    });

    when("takes nested JSON with any characters, and gives it as structured content", () => assertEchoes(tool));

    when("takes and gives 5 MB", async () => assertGivesAll(tool, await serveOverHttp()));

    when("fails with what it wrote to stderr", async () => {
      assert.match(await fail(name, { action: "exit" }), tool.exit);
      assert.match(await fail(name, { action: "trap" }), tool.trap);
    });

    when("that never ends is ended, and the server answers others all the time", async () => {
      const brief = `${name}_brief`;
      const again = await build(tool, { name: brief, timeout_ms: BRIEF_MS });
      assert.notEqual(again.isError, true, textOf(again));
      assert.equal((again.structuredContent as { readonly cached: boolean }).cached, true);
      let isOver = false;
      const began = performance.now();
      const endless = fail(brief, { action: "loop" }).finally(() => isOver = true);
      let answered = 0;
      while (!isOver) {
        const asked = performance.now();
        const [pong, listed] = await Promise.all([
          server.call(PING.name),
          server.call("search_tools", { query: name }),
        ]);
        assert.ok(performance.now() - asked < PING_MS, `an answer came after ${performance.now() - asked} ms`);
        assert.deepEqual([textOf(pong), listed.isError ?? false], ["pong", false]);
        answered++;
        await pause(50);
      }
      assert.match(await endless, new RegExp(`"${brief}" did not answer within its time limit \\(${BRIEF_MS} ms\\)`));
      assert.ok(performance.now() - began < 30_000);
      assert.ok(answered > 0);
    });

    when("that takes all memory fails for it, and the next call does not", async () => {
      assert.match(await fail(name, { action: "memory" }), tool.memory);
      await assertEchoes(tool);
    });

    when("reaches files in a granted folder, and none outside", async () => {
      const at = (below: string) => naming === "below" ? { below } : { path: join(granted, below) };
      const text = "written é🎉";
      await succeed(name, { action: "write", text, ...at(`${name}.txt`) });
      assert.equal(await readFile(join(granted, `${name}.txt`), "utf8"), text);
      assert.deepEqual(await succeed(name, { action: "read", ...at(`${name}.txt`) }), { text });
      await fail(name, { action: "read", ...at("absent.txt") });
      for (const path of ["../outside/secret.txt", "../home/collet.json", "../../../../etc/passwd", "link.txt"]) {
        const refusal = await fail(name, { action: "read", ...at(path) });
        assert.doesNotMatch(refusal, /not for tools|ceiling|root:/);
      }
      await fail(name, { action: "write", text, ...at("../outside/made.txt") });
      await assert.rejects(readFile(join(outside, "made.txt")), /ENOENT|No such file/);
      assert.equal(await readFile(join(outside, "secret.txt"), "utf8"), "not for tools");
    });

    when("sees the variables that it was granted, and no others", async () => {
      assert.deepEqual(await succeed(name, { action: "env", name: "LANGUAGES_SEEN" }), { value: SEEN });
      // that one gives all that there is
      if (isEchoing) return;
      for (const other of ["LANGUAGES_HIDDEN", "HOME", "PATH"]) {
        assert.deepEqual(await succeed(name, { action: "env", name: other }), { value: null }, other);
      }
    });

    when("has random numbers and the time", async () => {
      const [first, second] = [await succeed(name, { action: "random" }), await succeed(name, { action: "random" })];
      assert.ok(String(first["random"]).length >= 8);
      assert.notEqual(first["random"], second["random"]);
      const { ms } = await succeed(name, { action: "clock" });
      assert.ok(Math.abs(Date.now() - Number(ms)) < 60_000, `it is ${ms} to the tool`);
    });

    when("logs, tells of progress, remembers and calls another tool", async () => {
      const first = await succeed(name, { action: "help" });
      const { result, logs, progress } = await server.listen(name, { action: "help" });
      assert.notEqual(result.isError, true, textOf(result));
      const answer = result.structuredContent as Record<string, unknown>;
      const plain = ({ calls, pong }: Record<string, unknown>) =>
        isEchoing
          ? [(calls as { readonly value: number }).value, (pong as { readonly output: string }).output]
          : [calls, pong];
      assert.deepEqual([plain(first), plain(answer)], [[1, "pong"], [2, "pong"]]);
      assert.ok(
        logs.some(({ level, data }) => level === "warning" && JSON.stringify(data).includes("helping é🎉")),
        JSON.stringify(logs),
      );
      assert.ok(progress.some((it) => it.progress === 1 && it.total === 2), JSON.stringify(progress));
    });
  });
}

describe("Tools in all languages", () => {
  async function builtTools(t: TestContext): Promise<readonly LanguageTool[]> {
    const built: LanguageTool[] = [];
    for (const tool of LANGUAGE_TOOLS) {
      if ((await builds.get(tool.name)!).result.isError !== true) built.push(tool);
      else t.diagnostic(`${tool.language} is left out: its tool was not built`);
    }
    return built;
  }

  test("run over HTTP", async (t) => {
    const http = await serveOverHttp();
    for (const tool of await builtTools(t)) await assertEchoes(tool, http);
  });

  test("take and give 5 MB over stdin and stdout", async (t) => {
    // a client that reads lines from pipes needs some seconds for one so long
    const [tool] = (await builtTools(t)).filter(({ isEchoing }) => isEchoing);
    await assertGivesAll(tool!, server);
  });

  test(`run on ${OTHER} as they were built on ${OWN}, and the other way round`, async (t) => {
    const words = await wordsFor(OTHER);
    if ("missing" in words) return t.skip(words.missing);
    const built = await builtTools(t);
    await using other = await openStdio(words, home);
    for (const tool of built) await assertEchoes(tool, other);
    const again = built.map((tool) => ({ ...tool, name: `${tool.name}_again`, code: changed(tool) }));
    await Promise.all(again.map(async (tool) => {
      const result = await build(tool, grantsOf(), other);
      assert.notEqual(result.isError, true, textOf(result));
      assert.equal((result.structuredContent as { readonly cached: boolean }).cached, false);
    }));
    await using own = await openStdio(await ownWords(), home);
    for (const tool of again) await assertEchoes(tool, own);
  });
});

/** Gives the code of a tool with a comment, so that it is compiled once more. */
function changed({ language, code }: LanguageTool): string {
  return `${code}${language === "wat" ? ";;" : "//"} once more\n`;
}
