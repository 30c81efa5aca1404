import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { isProtocolError, type JsonObject } from "../../../kernel/mod.ts";
import dependencies from "../../../plugins/dependencies/mod.ts";
import { LANGUAGES } from "../../../plugins/wasm/build/compiler.ts";
import { borrowToolchains, keepToolchains } from "../../support/toolchains.ts";
import { type TemporaryHome, temporaryHome } from "../library/kit.ts";
import { fail, printing, startWasm, succeed, type WasmKit } from "./kit.ts";

const NAME = "create_wasm_tool";
const EXAMPLE = { text: "Grüße 🦉", numbers: [1, 2.5], nested: { "a b": null, ok: true }, n: 3 };

async function render(kit: WasmKit, args: Readonly<Record<string, string>>): Promise<string> {
  const { messages } = await kit.kernel.render(NAME, { name: "counter", description: "Count", ...args });
  const [{ content }] = messages as unknown as readonly [{ readonly content: { readonly text: string } }];
  assert.equal(messages.length, 1);
  return content.text;
}

function callIn(text: string): JsonObject {
  const [, json] = /```+json\n([^]*?)\n```+/.exec(text) ?? [];
  assert.ok(json, text);
  return JSON.parse(json);
}

const WITH_SOURCE = LANGUAGES.filter((it) => it !== "wasm");

describe("create_wasm_tool gives a call that builds and handles the example", () => {
  let home: TemporaryHome;
  let kit: WasmKit;

  before(async () => {
    home = await temporaryHome();
    await borrowToolchains(home.path);
    kit = await startWasm({ home: home.path, before: [dependencies] });
  });
  after(async () => {
    await kit[Symbol.asyncDispose]();
    await keepToolchains(home.path);
    await home[Symbol.asyncDispose]();
  });

  for (const language of WITH_SOURCE) {
    test(`in ${language}`, async (t: TestContext) => {
      const name = `counter_${LANGUAGES.indexOf(language)}`;
      const call = callIn(await render(kit, { name, language, input_example: JSON.stringify(EXAMPLE) }));
      const built = await kit.call("build_tool", call);
      if (built.isError && /Cannot build "\w+" from|Cannot install|Cannot fetch/.test(fail(built))) {
        t.skip(`${language} cannot be built here: ${fail(built).split("\n")[0]}`);
        return;
      }
      assert.match(succeed(built), /Verified: 2 of 2 examples passed/);
      assert.equal((await kit.call(name, EXAMPLE)).isError, undefined);
    });
  }
});

test("create_wasm_tool without more gives a call that works, in the language that is always there", async () => {
  await using kit = await startWasm();
  const text = await render(kit, {});
  const call = callIn(text);
  assert.equal(call["language"], "typescript");
  succeed(await kit.call("build_tool", call));
  assert.deepEqual((await kit.call("counter", { text: "a" })).structuredContent, { fields: 1 });
});

test("create_wasm_tool replaces a tool of that name, and says so", async () => {
  await using kit = await startWasm();
  assert.equal(callIn(await render(kit, {}))["overwrite"], undefined);
  await kit.build({ name: "counter", code: printing("one") });
  const text = await render(kit, {});
  assert.match(text, /A tool of this name is there already/);
  assert.equal(callIn(text)["overwrite"], true);
});

const REFUSED: readonly (readonly [what: string, args: Readonly<Record<string, string>>, why: RegExp])[] = [
  ["an example that is no JSON", { input_example: "{a: 1}" }, /"input_example": expected a JSON object/],
  ["an example that is no object", { input_example: "[1]" }, /"input_example": expected a JSON object/],
  ["an example without fields", { input_example: "{}" }, /"input_example": expected a JSON object/],
  ["a language that is none", { language: "cobol" }, /language/],
  ["a finished module", { language: "wasm" }, /language/],
  ["a name that is none", { name: "a b" }, /name/],
  ["the name of a plugin's tool", { name: "build_tool" }, /is a tool of plugin "wasm"/],
  ["an empty description", { description: " " }, /description/],
];
for (const [what, args, why] of REFUSED) {
  test(`create_wasm_tool refuses ${what}`, async () => {
    await using kit = await startWasm();
    await assert.rejects(render(kit, args), (error) => isProtocolError(error) && why.test(error.message));
  });
}
