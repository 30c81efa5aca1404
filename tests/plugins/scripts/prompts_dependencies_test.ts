import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../../../kernel/mod.ts";
import dependencies from "../../../plugins/dependencies/mod.ts";
import { fail, startScripts, succeed } from "./kit.ts";

const INPUT = { name: "shape", description: "Tell a type", dependencies: "six>=1.16, idna" };

test("create_python_tool gives a call that installs packages, which the code imports", async (t) => {
  await using kit = await startScripts({ plugins: [dependencies] });
  const { messages } = await kit.kernel.render("create_python_tool", INPUT);
  const [, block = ""] = /^```json\n(.*?)\n```$/ms.exec(textOf({ content: [messages[0]!.content] })) ?? [];
  const registration = JSON.parse(block);
  assert.deepEqual(registration.dependencies, ["six>=1.16", "idna"]);
  const code = registration.code.replace('# import what "dependencies" installs here', "import idna\nimport six")
    .replace('{"text": text,', '{"text": six.text_type(text),');
  assert.match(code, /^import idna\nimport six\n[^]*six\.text_type/m);
  const registered = await kit.call("register_script", { ...registration, code });
  if (registered.isError && fail(registered).includes("are not supported in this version")) {
    return t.skip("register_script does not install packages");
  }
  assert.match(succeed(registered), /Verified: 2 of 2 examples passed/);
  assert.deepEqual((await kit.call("shape", { text: "four" })).structuredContent, { text: "four", characters: 4 });
});

test("create_python_tool refuses packages that cannot be installed, and says which", async () => {
  await using kit = await startScripts({ plugins: [dependencies] });
  for (const wrong of ["--index-url=https://example.com", "-e .", "../six", "https://example.com/six.whl"]) {
    await assert.rejects(
      kit.kernel.render("create_python_tool", { ...INPUT, dependencies: wrong }),
      { code: -32602, message: /^Invalid arguments for prompt "create_python_tool": "dependencies": / },
      wrong,
    );
  }
});
