import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import { DENO_ATTACKS, importingDeno } from "./deno_attacks.ts";
import { DENO, Stage, successes } from "./stage.ts";
import { NOBODY, usersWith } from "./users.ts";

const skip = process.platform !== "linux" ? "it needs Linux" : !existsSync(DENO) && `${DENO} is absent`;
const more = { interpreter: `${DENO} run -A`, extension: "js" };

for (const user of usersWith(NOBODY)) {
  describe(`escapes from the permissions of Deno as ${user.name}`, { skip }, () => {
    test("no program gets out by what Deno offers, and none is run but by Deno", async () => {
      await using stage = await Stage.set({ mode: "deno", user, borne: [] });
      const { server, outside } = stage;
      const outcomes = await stage.attack(DENO_ATTACKS, { deno: true }, more);
      assert.ok(Object.keys(outcomes).length > 150);
      assert.deepEqual(successes(outcomes), {});
      for (const interpreter of ["/usr/bin/python3", "/bin/sh", `${DENO} eval`, `${DENO} repl`]) {
        const tool = stage.name();
        await server.call("register_script", {
          name: tool,
          description: "x",
          interpreter,
          code: "echo GOT; print('GOT')",
        });
        assert.doesNotMatch(textOf(await server.call(tool)), /^GOT/m, interpreter);
      }
      assert.deepEqual([...outside.connections.keys()], []);
      assert.deepEqual(outside.traces(), []);
    });

    test("no program gets out by what it imports, which Deno loads without asking", async () => {
      await using stage = await Stage.set({ mode: "deno", user, borne: [] });
      const { server, outside } = stage;
      const hidden = { text: outside.path("beside"), json: join(server.home, "secrets.json") } as const;
      for (const type of ["text", "json"] as const) {
        const tool = stage.name();
        await server.register(tool, importingDeno(hidden[type], type), more);
        const text = textOf(await server.call(tool));
        assert.doesNotMatch(text, /GOT|secret-/, `an import of ${type} reads what is hidden`);
      }
    });
  });
}
