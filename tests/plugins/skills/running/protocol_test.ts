/**
 * Scripts of skills that speak the script protocol, and the tools that they reach.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { definePlugin, type JsonObject } from "../../../../kernel/mod.ts";
import memory from "../../../../plugins/memory/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import { fail } from "../../library/kit.ts";
import { declare, type SkillKit, startSkills, valueOf } from "./kit.ts";

/** Speaks by the module for authors, as its source shows. */
const SPEAKER = `
import { log, memory, progress, run } from "collet_tool";
run(async ({ keep }, context) => {
  log("warning", "begun");
  progress(1, 2, "half");
  return { count: await memory.increment("n", keep), tool: context.toolName };
});`;
/** Lists the tools that it reaches, and calls one. */
const CALLER = `read -r request
tool=$(printf %s "$request" | sed 's/.*"call":"\\([^"]*\\)".*/\\1/')
echo '{"jsonrpc":"2.0","id":2,"method":"tools/list"}'; read -r listed
echo '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"'"$tool"'","arguments":{"who":"Ada"}}}'; read -r called
echo '{"jsonrpc":"2.0","id":1,"result":{"listed":'"$listed"',"called":'"$called"'}}'`;
/** Reads the request itself, and declares that it does. */
const RAW = `read -r request
printf '{"jsonrpc":"2.0","id":1,"result":{"request":%s,"words":%s}}' "$request" $#`;

/** What the caller answers with: the replies to its requests. */
interface Replies extends JsonObject {
  readonly listed: { readonly result: { readonly tools: readonly { readonly name: string }[] } };
  readonly called: {
    readonly result?: { readonly output: unknown };
    readonly error?: { readonly message: string };
  };
}

const greet = definePlugin({
  name: "greet",
  version: "1.0.0",
  setup: ({ tool }) => {
    for (const name of ["greet", "greet_all"]) {
      tool({ name, description: "Greet", input: {}, run: (args: JsonObject) => `hello ${args["who"]}` });
    }
  },
});

describe("a script of a skill that speaks the script protocol", { timeout: 120_000 }, () => {
  let kit: SkillKit;
  before(async () => {
    kit = await startSkills({ plugins: [[store, { engine: "memory" }], memory, greet] });
    const files = { "scripts/call.sh": CALLER, "scripts/raw.sh": RAW, "scripts/own.sh": "echo own" };
    const tools = [
      declare("call", "scripts/call.sh", { protocol: 2 }),
      declare("raw", "scripts/raw.sh", { protocol: 1 }),
      declare("own", "scripts/own.sh"),
    ];
    await kit.load({
      plain: { files, tools },
      bounded: { files, tools, allowedTools: ["greet", "Bash(git:*)", "mcp__collet__list_*"] },
      open: { files, tools, allowedTools: ["*"] },
    });
  });
  after(() => kit[Symbol.asyncDispose]());

  /** Lets a skill's script call a tool; gives what it may list, and what came of the call. */
  const callBy = async (skill: string, tool: string) => {
    const { listed, called } = valueOf(await kit.call(`${skill}__call`, { call: tool })) as Replies;
    const { result, error } = called;
    return {
      listed: listed.result.tools.map(({ name }) => name),
      result: result?.output,
      refused: error?.message ?? "",
    };
  };

  test("gets the request, and its answer is a result like any other's", async () => {
    const seen = valueOf(await kit.call("plain__raw", { a: 1 }));
    const { method, params } = seen["request"] as { readonly method: string; readonly params: JsonObject };
    assert.deepEqual([method, params["arguments"], seen["words"]], ["execute", { a: 1 }, 0]);
    assert.equal((params["context"] as JsonObject)["tool_name"], "plain__raw");
  });

  test("logs, reports progress and remembers", async () => {
    const files = { "scripts/speak.mjs": SPEAKER };
    await kit.load({ speaking: { files } });
    const heard: unknown[] = [];
    await kit.call("speaking__speak", { keep: 2 }, {
      log: (level, message) => void heard.push([level, message]),
      progress: (done, total, message) => Promise.resolve(void heard.push([done, total, message])),
    });
    assert.deepEqual(heard, [["warning", "begun"], [1, 2, "half"]]);
    assert.deepEqual(valueOf(await kit.call("speaking__speak", { keep: 3 })), { count: 5, tool: "speaking__speak" });
  });

  test("reaches its skill's own tools alone where allowed-tools names none", async () => {
    const { listed, result } = await callBy("plain", "plain__own");
    assert.deepEqual(listed, ["plain__call", "plain__own", "plain__raw"]);
    assert.deepEqual(result, { success: true, message: "own" });
    for (const tool of ["greet", "call_tool", "open__own", "unheard_of"]) {
      const { refused } = await callBy("plain", tool);
      const wanted = `"${tool}": scripts of skill "plain" reach its own tools and those that its "allowed-tools" names`;
      assert.ok(refused.includes(wanted), refused);
    }
  });

  test("reaches what allowed-tools names as well, and what it names that is not ours is noted", async () => {
    const { listed, result } = await callBy("bounded", "greet");
    assert.deepEqual(listed, ["bounded__call", "bounded__own", "bounded__raw", "greet", "list_tools"]);
    assert.equal(result, "hello Ada");
    assert.match((await callBy("bounded", "greet_all")).refused, /add greet_all there in SKILL\.md/);
    const notes = kit.log.entries.filter(({ message }) => message.includes("names what is no tool here"));
    assert.deepEqual(notes.map(({ data }) => data), [{ tools: ["Bash(git:*)"] }]);
  });

  test("reaches all where allowed-tools says so", async () => {
    assert.equal((await callBy("open", "greet_all")).result, "hello Ada");
    assert.deepEqual((await callBy("open", "plain__own")).result, { success: true, message: "own" });
  });

  test("does not get round it by a version of a tool, or by completing its arguments", async () => {
    const code = `
read -r request
printf '%s\\n' '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"greet","version":"1.0.0"}}'
read -r first
printf '%s\\n' '{"jsonrpc":"2.0","id":8,"method":"completion/complete","params":{"ref":{"type":"ref/tool","name":"greet"},"argument":{"name":"who"}}}'
read -r second
printf '{"jsonrpc":"2.0","id":1,"result":[%s,%s]}' "$first" "$second"`;
    const tools = [declare("a", "scripts/a.sh", { protocol: 2 })];
    await kit.load({ round: { files: { "scripts/a.sh": code }, tools } });
    const { structuredContent } = await kit.call("round__a");
    const replies = structuredContent as readonly { readonly error: { readonly message: string } }[];
    assert.equal(replies.length, 2);
    for (const { error } of replies) assert.match(error.message, /scripts of skill "round" reach its own tools/);
  });

  test("that fails says so, and names what may be called next", async () => {
    const code = `import { fail, run } from "collet_tool";\nrun(() => fail("no such thing", { n: 1 }));`;
    const nextTools = { onSuccess: [], onFailure: ["a"] };
    await kit.load({
      failing: { files: { "scripts/a.mjs": code }, tools: [declare("a", "scripts/a.mjs", { nextTools })] },
    });
    const result = await kit.call("failing__a");
    assert.match(fail(result), /no such thing/);
    assert.deepEqual(result._meta, { "dcc.next_tools": { on_failure: ["failing__a"] } });
  });

  test("may print its answer instead", async () => {
    const code = `echo '{"success":false,"message":"printed"}'`;
    const tools = [declare("a", "scripts/a.sh", { protocol: 1 })];
    await kit.load({ printing: { files: { "scripts/a.sh": code }, tools } });
    const result = await kit.call("printing__a");
    assert.deepEqual([result.isError, result.structuredContent], [true, { success: false, message: "printed" }]);
  });
});
