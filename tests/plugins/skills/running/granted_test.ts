/**
 * What scripts of skills are given: variables, secrets and limits, in a real sandbox, with the questions that it takes.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import type { CallPatch, ElicitRequest } from "../../../../kernel/mod.ts";
import grants from "../../../../plugins/grants/mod.ts";
import { Sandbox } from "../../../../plugins/sandbox/contract.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import { fail } from "../../library/kit.ts";
import { declare, type SkillKit, startSkills, valueOf } from "./kit.ts";

const SHOW = `echo "\${S8_PLACE-none} \${S8_KEY-none} \${S8_OTHER-none}"`;
const REQUIRES = { openclaw: { requires: { env: ["S8_PLACE", "S8_KEY"] } } };
const VARIABLES = { S8_PLACE: "here", S8_OTHER: "not for them", S8_KEY: "from the environment" };

/** A client whose user answers, and the questions that it was asked. */
function user(decision: "always" | "once" | "no"): CallPatch & { readonly questions: string[] } {
  const questions: string[] = [];
  return {
    questions,
    client: { protocolVersion: "2025-06-18", capabilities: { elicitation: {} } } as never,
    elicit: (request: ElicitRequest) => {
      questions.push(request.message);
      return Promise.resolve({ action: "accept", content: { decision } });
    },
  };
}

describe("scripts of skills", { timeout: 120_000 }, () => {
  let kit: SkillKit;
  before(async () => {
    Object.assign(process.env, VARIABLES);
    const ceiling = { memory_mb: 512, env: ["S8_FREE"] };
    const files = { "secrets.json": '{"S8_KEY": "secret-value-1234"}' };
    kit = await startSkills({ plugins: [store, secrets, [grants, { ceiling }], sandbox], files, isWarm: true });
  });
  after(async () => {
    for (const name of Object.keys(VARIABLES)) delete process.env[name];
    await kit[Symbol.asyncDispose]();
  });

  test("get the variables that their skill requires, secrets before the environment, once the user allows it for all", async () => {
    const files = { "scripts/a.sh": SHOW, "scripts/b.sh": SHOW };
    const [folder] = await kit.load({ wants: { files, metadata: REQUIRES } });
    assert.match(fail(await kit.call("wants__a")), /"wants": it asks to .*S8_PLACE.*the client cannot ask its user/s);
    const refusing = user("no");
    assert.match(fail(await kit.call("wants__a", {}, refusing)), /the user refused it/);
    assert.match(
      refusing.questions[0] ?? "",
      /"wants" .*get the variable S8_PLACE of the server.*get the secret S8_KEY/s,
    );
    const allowing = user("always");
    const shown = { success: true, message: "here [S8_KEY] none" };
    assert.deepEqual(valueOf(await kit.call("wants__a", {}, allowing)), shown);
    assert.deepEqual(valueOf(await kit.call("wants__b", {}, allowing)), shown);
    assert.equal(allowing.questions.length, 1, "one question for all tools of the skill");
    await writeFile(join(folder!, "notes.txt"), "another file");
    assert.deepEqual(valueOf(await kit.call("wants__a", {}, allowing)), shown);
    assert.equal(allowing.questions.length, 2, "other files are asked about anew");
  });

  test("are told which rule keeps them from running when the place has changed", async () => {
    await kit.load({ later: { files: { "scripts/a.sh": SHOW }, metadata: REQUIRES } });
    delete process.env["S8_PLACE"];
    const result = await kit.call("later__a", {}, user("always"));
    process.env["S8_PLACE"] = "here";
    assert.match(
      fail(result),
      /^Cannot run tool "later__a": Skill "later" needs the variable "S8_PLACE", which is not set/,
    );
    assert.equal((result.structuredContent as { readonly refusals: readonly unknown[] }).refusals.length, 1);
  });

  test("get what metadata.collet.grants asks for, within the ceiling without a question", async () => {
    process.env["S8_FREE"] = "free";
    const files = { "scripts/a.rb": "puts ENV['S8_FREE']; $stdout.flush; 'x' * 200_000_000" };
    const asking = (memory: unknown) => ({ collet: { grants: { env: ["S8_FREE"], memory_mb: memory } } });
    await kit.load({ grants: { files, metadata: asking(100) }, larger: { files, metadata: asking(450) } });
    assert.match(fail(await kit.call("grants__a")), /took more memory than its limit/);
    assert.deepEqual(valueOf(await kit.call("larger__a")), { success: true, message: "free" });
    delete process.env["S8_FREE"];
    await kit.load({ beyond: { files, metadata: asking(4_096) }, wrong: { files, metadata: asking("much") } });
    assert.match(fail(await kit.call("beyond__a")), /use 4096 MiB of memory, where 512 are allowed/);
    assert.match(fail(await kit.call("wrong__a")), /memory_mb/);
    await kit.load({ text: { files, metadata: { collet: { grants: "all" } } } });
    assert.match(fail(await kit.call("text__a")), /grants/);
  });

  test("get what the flat collet.grants asks for as JSON text, as skills have it that are published", async () => {
    process.env["S8_FREE"] = "free";
    const files = { "scripts/a.sh": 'echo "${S8_FREE-none}"' };
    const flat = (grants: string) => ({ files, metadata: { "collet.grants": grants } });
    await kit.load({
      flat: flat('{"env": ["S8_FREE"]}'),
      broken: flat('{"env": ['),
      beyond: flat('{"memory_mb": 4096}'),
    });
    assert.deepEqual(valueOf(await kit.call("flat__a")), { success: true, message: "free" });
    assert.match(fail(await kit.call("broken__a")), /grants/);
    assert.match(fail(await kit.call("beyond__a")), /use 4096 MiB of memory, where 512 are allowed/);
    const both = { "collet.grants": '{"memory_mb": 4096}', collet: { grants: { env: ["S8_FREE"] } } };
    await kit.load({ both: { files, metadata: both } });
    assert.deepEqual(valueOf(await kit.call("both__a")), { success: true, message: "free" }, "the section counts");
    delete process.env["S8_FREE"];
  });

  test("run in the sandbox: their skill can be read and not changed, and the rest of the home is not there", async (t) => {
    const mechanism = await kit.kernel.get(Sandbox)!.mechanism();
    if (mechanism !== "bubblewrap") return t.skip(`the sandbox is ${mechanism ?? "none"}`);
    const code = `
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
const attempt = (work) => { try { return work(); } catch (error) { return error.code; } };
const home = process.argv[3];
const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
console.log(JSON.stringify({
  data: readFileSync(here + "/../data.txt", "utf8"),
  change: attempt(() => writeFileSync(here + "/../data.txt", "x")),
  home: attempt(() => readdirSync(home)),
  argv: process.argv.slice(2),
}));`;
    const tools = [declare("look", "scripts/look.mjs")];
    await kit.load({ boxed: { files: { "scripts/look.mjs": code, "data.txt": "42" }, tools } });
    const look = async () => valueOf(await kit.call("boxed__look", { home: kit.home, list: [1] }));
    const cold = await look();
    assert.deepEqual(cold, { data: "42", change: "EROFS", home: "ENOENT", argv: ["--home", kit.home] });
    // the next call may find an interpreter that waits for it
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { data, home, argv } = await look();
    assert.deepEqual({ data, home, argv }, { data: cold["data"], home: cold["home"], argv: cold["argv"] });
  });
});
