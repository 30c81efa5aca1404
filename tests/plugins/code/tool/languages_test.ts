import assert from "node:assert/strict";
import { describe, test } from "node:test";
import library from "../../../../plugins/library/mod.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import wasm from "../../../../plugins/wasm/mod.ts";
import { fail, succeed } from "../../library/kit.ts";
import { pythonIsMissing } from "../../skills/python/kit.ts";
import { sharedCode, startCode } from "../kit.ts";

const SKIP = await pythonIsMissing();
const CLIENT = { name: "c", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } };

describe("languages", { skip: SKIP }, () => {
  const server = sharedCode({ plugins: [library, scripts, wasm] });

  test("Python is the default, by both of its names", async () => {
    const python = "return {'words': word_count(text='a b')['words'], 'list': [tools['greet'](name='Ada')]}";
    for (const language of [undefined, "python", "python3"]) {
      const result = await server().run(python, { language });
      assert.deepEqual(result.structuredContent, { words: 2, list: ["Hello, Ada"] }, JSON.stringify(result));
    }
    assert.equal(succeed(await server().run("print('skillz')", { language: "python" })), "skillz");
  });

  test("a session goes from one language to the other", async () => {
    succeed(await server().run("session['n'] = [1, 2]\nreturn 1", { language: "python", session: "both" }));
    succeed(await server().run("session.n.push(3); return 1", { session: "both" }));
    const result = await server().run("return session['n']", { language: "python", session: "both" });
    assert.deepEqual(result.structuredContent, [1, 2, 3]);
  });

  test("Python writes files, and is asked before it destroys", async () => {
    const result = await server().run("files.write('a.txt', 'from Python')\nreturn wipe(name='x')", {
      language: "python",
    }, { client: CLIENT, elicit: () => Promise.resolve({ action: "accept", content: { decision: "no" } }) });
    assert.equal(result.isError, true);
    const [text, link] = result.content;
    assert.match(JSON.stringify(text), /the user did not allow it/);
    assert.equal(link?.type === "resource_link" && link.name, "a.txt");
    assert.deepEqual(server().done.wiped, []);
  });
});

test("without the plugin that runs JavaScript, Python is named", async () => {
  await using kit = await startCode({ plugins: [library, scripts] });
  assert.match(fail(await kit.run("return 1")), /the plugin "wasm" runs JavaScript and TypeScript.*there is "python"/);
});
