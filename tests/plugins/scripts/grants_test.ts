/**
 * What scripts ask for, and what they get: all plugins that ship, real scripts, and real clients of both eras.
 *
 * @module
 */
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { textOf, type ToolResult } from "../../../kernel/mod.ts";
import { IS_DENO, makeFolder, programPath } from "../../command_line/program.ts";
import { withVariables } from "../dependencies/kit.ts";
import { temporaryHome } from "../library/kit.ts";
import {
  ceilingOf,
  clientOf,
  ERAS,
  fingerprint,
  foundBy,
  KEY,
  LOOKER,
  looker,
  refused,
  RIGHT,
  SECRETS,
  startGranting,
  succeed,
  type User,
} from "./granting.ts";

/** Calls the looker, and fails unless it was given the key. */
async function assertGiven(user: User): Promise<void> {
  assert.deepEqual(foundBy(await user.call("looker")), { API_KEY: [RIGHT, RIGHT] });
}

for (const era of ERAS) {
  describe(`a script that asks for a secret, over HTTP in ${era},`, () => {
    test("gets it in environment and context after one question, remembered over a restart", async () => {
      using _ = withVariables(SECRETS);
      await using home = await temporaryHome();
      {
        await using server = await startGranting({ home: home.path });
        const user = await server.connect({ era, answer: "always" });
        const registered = await user.register(looker());
        assert.match(textOf(registered), /Asks for: \{"secrets":\["API_KEY"\]\}/);
        assert.deepEqual(user.questions, [], "nothing is asked before the first call");
        for (let i = 0; i < 3; i++) await assertGiven(user);
        assert.equal(user.questions.length, 1);
        assert.match(user.questions[0]!, /^The tool "looker" asks .*\n- get the secret API_KEY\n/);
        succeed(await user.call("call_tool", { tool_name: "looker", arguments: {} }));
        assert.equal(user.questions.length, 1);
      }
      await using server = await startGranting({ home: home.path });
      const user = await server.connect({ era });
      await assertGiven(user);
    });

    test("asks anew when its code is another: registered, edited by hand, or run in another way", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startGranting();
      const user = await server.connect({ era, answer: "always" });
      const asked = async (work: () => Promise<unknown>) => {
        const before = user.questions.length;
        await work();
        await assertGiven(user);
        return user.questions.length - before;
      };
      assert.equal(await asked(() => user.register(looker())), 1);
      const other = { ...looker(), code: `${LOOKER}\n# another`, overwrite: true };
      assert.equal(await asked(() => user.register(other)), 1, "other code");
      assert.equal(await asked(() => user.register({ ...looker(), overwrite: true })), 0, "the first code again");
      const file = join(server.home, "tools/looker/looker.py");
      assert.equal(await asked(() => writeFile(file, `${LOOKER}\n# by hand`)), 1, "edited by hand");
      const beside = join(server.home, "tools/looker/hashlib.py");
      await writeFile(beside, "def sha256(value): return None\n");
      const before = user.questions.length;
      refused(await user.call("looker"));
      assert.equal(user.questions.length, before + 1, "a module beside it");
      await rm(beside);
      assert.equal(
        await asked(() => user.register(looker({ interpreter: "python3 -u", overwrite: true }))),
        1,
        "command",
      );
      assert.equal(await asked(() => user.register(looker({ overwrite: true }))), 0);
    });

    test("asks for each call that is allowed once, and is refused with the line of collet.json", async () => {
      using _ = withVariables(SECRETS);
      await using home = await temporaryHome();
      let text = "";
      {
        await using server = await startGranting({ home: home.path });
        const careful = await server.connect({ era, answer: "once" });
        await careful.register(looker());
        await assertGiven(careful);
        await assertGiven(careful);
        assert.equal(careful.questions.length, 2);
        for (const answer of ["no", "decline"] as const) {
          const strict = await server.connect({ era, answer });
          assert.match(refused(await strict.call("looker")), /get the secret API_KEY; .* and the user refused it\. /);
          assert.equal(strict.questions.length, 1);
        }
        const mute = await server.connect({ era });
        text = refused(await mute.call("looker"));
        assert.match(
          text,
          /^Cannot run "looker": it asks to get the secret API_KEY; .* the client cannot ask its user\./,
        );
      }
      const ceiling = ceilingOf(text);
      assert.deepEqual(ceiling, { secrets: ["API_KEY"] });
      await using server = await startGranting({ home: home.path, ceiling });
      await assertGiven(await server.connect({ era }));
    });

    test("is told that a secret does not exist, and nobody is asked for it", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startGranting();
      const user = await server.connect({ era, answer: "always" });
      await user.register(looker({ grants: { secrets: ["API_KEI"] } }));
      assert.match(
        refused(await user.call("looker")),
        /^Cannot give secret "API_KEI": there is none of that name; did you mean "API_KEY"\?; set the variable COLLET_SECRET_API_KEI/,
      );
      assert.deepEqual(user.questions, []);
      // the file is read again when it is there
      const file = join(server.home, "secrets.json");
      await writeFile(file, JSON.stringify({ API_KEI: KEY }), { mode: 0o600 });
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      assert.deepEqual(foundBy(await user.call("looker", { names: ["API_KEI"] })), { API_KEI: [RIGHT, RIGHT] });
      assert.equal(user.questions.length, 1);
    });

    test("is asked for by the client of the outermost call when another script calls it", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startGranting();
      const user = await server.connect({ era, answer: (question) => question.includes('"looker"') ? "always" : "no" });
      await user.register(looker());
      const caller = `
import json, sys
request = json.loads(sys.stdin.readline())
params = {"name": "looker", "arguments": {}}
print(json.dumps({"jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": params}), flush=True)
reply = json.loads(sys.stdin.readline())["result"]
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": reply}), flush=True)
`;
      await user.register({ name: "outer", interpreter: "python3", code: caller });
      const outermost = caller.replace('"looker"', '"outer"');
      await user.register({ name: "outermost", interpreter: "python3", code: outermost });
      const result = await user.call("outermost");
      assert.match(JSON.stringify(result.structuredContent), new RegExp(`"API_KEY":\\["${RIGHT}","${RIGHT}"\\]`));
      assert.equal(user.questions.length, 1);
      const mute = await server.connect({ era });
      await mute.register({ ...looker(), name: "asker" });
      await mute.register({ name: "outer2", interpreter: "python3", code: caller.replace('"looker"', '"asker"') });
      assert.match(JSON.stringify(await mute.call("outer2")), /Cannot run \\+"asker\\+": .*collet\.json/);
    });
  });

  describe(`registration, over HTTP in ${era},`, () => {
    const examples = [{ arguments: {}, result: { found: { API_KEY: [RIGHT, RIGHT] } } }];

    test("with verify asks before the tool is there, leaves nothing on refusal, and asks no more after", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startGranting();
      const strict = await server.connect({ era, answer: "no" });
      const verified = looker({ description: "x", examples, verify: true });
      assert.match(
        refused(await strict.call("register_script", verified)),
        /examples do not pass[^]*the user refused it/,
      );
      assert.equal(strict.questions.length, 1);
      assert.deepEqual((await readdir(join(server.home, "tools"))).filter((it) => !it.startsWith(".")), []);
      assert.deepEqual(await readdir(join(server.home, "tools/.staging")), []);
      assert.equal(server.kernel.tools.get("looker"), undefined);

      const user = await server.connect({
        era,
        answer: () => (assert.equal(server.kernel.tools.get("looker"), undefined), "always"),
      });
      assert.match(succeed(await user.call("register_script", verified)), /Verified: 1 of 1 examples passed/);
      assert.equal(user.questions.length, 1);
      await assertGiven(user);
      assert.equal(user.questions.length, 1);
    });

    test("of what improve_tool gives keeps the grants", async () => {
      using _ = withVariables(SECRETS);
      await using server = await startGranting();
      const user = await server.connect({ era, answer: "always" });
      const grants = { secrets: ["API_KEY"], env: ["LANG"], memory_mb: 200, timeout_ms: 30_000, network: ["a.test:1"] };
      await user.register(looker({ grants, examples }));
      const manifest = async () => JSON.parse(await readFile(join(server.home, "tools/looker/manifest.json"), "utf8"));
      const before = await manifest();
      assert.deepEqual(before.grants, grants);
      const { messages } = await user.client.getPrompt({ name: "improve_tool", arguments: { tool_name: "looker" } });
      const { text } = messages[0]!.content as { text: string };
      const [, block = ""] = [...text.matchAll(/```json\n([^]*?)\n```/g)].at(-1) ?? [];
      succeed(await user.call("register_script", JSON.parse(block)));
      const after = await manifest();
      assert.deepEqual([after.grants, after.version], [grants, "1.0.1"]);
      assert.equal(user.questions.length, 1, "verified once, with everything it asks for");
      await assertGiven(user);
    });

    test("refuses what is no grant, and variables of the server itself", async () => {
      await using server = await startGranting();
      const user = await server.connect({ era });
      const tries: readonly (readonly [object, RegExp])[] = [
        [{ secret: ["API_KEY"] }, /^Cannot use "grants\.secret": there is no such grant; .*did you mean "secrets"\?/],
        [{ env: ["COLLET_TOKEN"] }, /^Cannot use "grants\.env": "COLLET_TOKEN" belongs to the server/],
        [{ env: ["SKILLZ_TOKEN"] }, /"SKILLZ_TOKEN" belongs to the server; a secret is asked for by "secrets"/],
        [{ secrets: "API_KEY" }, /^Cannot use "grants\.secrets": found "API_KEY", expected a list of names of secrets/],
        [{ read: ["../x"] }, /^Cannot use "grants\.read": "\.\.\/x" is no absolute path/],
        [{ memory_mb: 0 }, /^Cannot use "grants\.memory_mb": found 0, expected a whole number/],
      ];
      for (const [grants, expected] of tries) {
        assert.match(refused(await user.call("register_script", looker({ description: "x", grants }))), expected);
      }
      assert.equal(server.kernel.tools.get("looker"), undefined);
    });
  });

  test(`variables that a script is granted are passed on and no others, over HTTP in ${era}`, async () => {
    using _ = withVariables({ ...SECRETS, TEST_PLACE: "here", TEST_OTHER: "there", TEST_ABSENT: undefined });
    await using server = await startGranting();
    const user = await server.connect({ era, answer: "always" });
    await user.register(looker({ grants: { env: ["TEST_PLACE", "TEST_ABSENT"] } }));
    const names = ["TEST_PLACE", "TEST_ABSENT", "TEST_OTHER", "COLLET_SECRET_API_KEY", "SKILLZ_TOKEN", "API_KEY"];
    const found = foundBy(await user.call("looker", { names }));
    assert.deepEqual(Object.entries(found).filter(([, places]) => places.some((it) => it !== null)), [
      ["TEST_PLACE", [await fingerprint("here"), null]],
    ]);
    assert.match(user.questions.join(), /- get the variable TEST_ABSENT of the server\n- get the variable TEST_PLACE/);
  });

  test(`a script that names a variable of skillz is asked about, however it came here, in ${era}`, async () => {
    using _ = withVariables(SECRETS);
    await using server = await startGranting();
    const user = await server.connect({ era, answer: "always" });
    const code = `${LOOKER}\n# SKILLZ_TOKEN, SKILLZ_UNSET, MY_SKILLZ_TOKEN2, API_KEY`;
    await user.register(looker({ code, grants: undefined }));
    const manifest = {
      name: "found",
      description: "x",
      tool_type: "script",
      interpreter: "python3",
      entry_file: "x.py",
    };
    await mkdir(join(server.home, "tools/found"));
    await writeFile(join(server.home, "tools/found/manifest.json"), JSON.stringify(manifest));
    await writeFile(join(server.home, "tools/found/x.py"), code);
    succeed(await user.call("list_tools"));
    const names = ["SKILLZ_TOKEN", "API_KEY", "SKILLZ_OTHER"];
    const right = await fingerprint(SECRETS.SKILLZ_TOKEN);
    for (const [i, name] of ["looker", "found"].entries()) {
      assert.deepEqual(foundBy(await user.call(name, { names })), {
        SKILLZ_TOKEN: [right, right],
        API_KEY: [null, null],
        SKILLZ_OTHER: [null, null],
      });
      assert.equal(user.questions.length, i + 1);
      assert.match(user.questions[i]!, /It wants to\n- get the secret SKILLZ_TOKEN\n\n/);
    }
  });
}

for (const era of ERAS) {
  test(`the program asks over stdio in ${era}, and takes the line of its refusal in collet.json`, async () => {
    await using home = await makeFolder();
    const script = looker({ description: "x" });
    const serve = async (answer: "always" | undefined, use: (user: Pick<User, "call">) => Promise<void>) => {
      const questions: string[] = [];
      const client = clientOf({ era, ...(answer && { answer }) }, questions);
      await client.connect(
        new StdioClientTransport({
          command: process.execPath,
          args: [...(IS_DENO ? ["run", "-A"] : []), await programPath()],
          // the caches of this runtime are in the home of its user
          env: { PATH: process.env["PATH"]!, HOME: process.env["HOME"]!, COLLET_HOME: home.path, ...SECRETS },
          stderr: "pipe",
        }),
      );
      try {
        await use({
          call: async (name, args = {}) =>
            await client.callTool({ name, arguments: args as Record<string, unknown> }) as unknown as ToolResult,
        });
      } finally {
        await client.close();
      }
      return questions;
    };
    let text = "";
    assert.deepEqual(
      await serve(undefined, async ({ call }) => {
        succeed(await call("register_script", script));
        text = refused(await call("looker"));
      }),
      [],
    );
    const asked = await serve("always", async ({ call }) => {
      for (let i = 0; i < 2; i++) assert.deepEqual(foundBy(await call("looker")), { API_KEY: [RIGHT, RIGHT] });
    });
    assert.equal(asked.length, 1);
    const again = await serve(undefined, async ({ call }) => {
      assert.deepEqual(foundBy(await call("looker")), { API_KEY: [RIGHT, RIGHT] });
      succeed(await call("register_script", { ...script, code: `${LOOKER}\n# another`, overwrite: true }));
      refused(await call("looker"));
    });
    assert.deepEqual(again, []);
    await home.write("collet.json", JSON.stringify({ ceiling: ceilingOf(text) }));
    await serve(undefined, async ({ call }) => {
      assert.deepEqual(foundBy(await call("looker")), { API_KEY: [RIGHT, RIGHT] });
    });
  });
}
