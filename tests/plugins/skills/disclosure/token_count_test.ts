import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { START_TOOLS } from "../../../../plugins/exposure/contract.ts";
import { answersIn, HANDSHAKE, lines } from "../../../command_line/messages.ts";
import { makeFolder, removeBundle, runProgram } from "../../../command_line/program.ts";

const MOST_TOKENS = 3_000;
const SKILLS = 1_000;

/** A tool as clients hand it to a model. */
interface Given {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
}

test("the default list costs a model less than 3,000 tokens with 1,000 skills installed", async () => {
  await using home = await makeFolder();
  for (let i = 0; i < SKILLS; i++) {
    const description = `Does the thing number ${i}, and a few more that are like it`;
    await home.write(`skills/skill-${i}/SKILL.md`, `---\nname: skill-${i}\ndescription: ${description}\n---\nBody.\n`);
  }
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const { stdout, stderr } = await runProgram([], { home: home.path, input: lines(...HANDSHAKE, list) });
  const listed = answersIn(stdout).find(({ id }) => id === 1)?.result?.["tools"] as readonly Given[];
  assert.ok(Array.isArray(listed), stderr);
  const names = listed.map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !START_TOOLS.includes(name)), []);
  assert.ok(names.includes("register_script") && names.includes("activate_skill"), names.join());
  const given = listed.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const tokens = new Tiktoken(o200k).encode(JSON.stringify(given)).length;
  assert.ok(tokens < MOST_TOKENS, `${tokens} tokens`);
  await removeBundle();
});
