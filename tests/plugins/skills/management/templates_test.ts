/**
 * Skills made of templates, with everything that ships: each runs as it was created.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type GrantingServer, startGranting, type User } from "../../scripts/granting.ts";
import { textOf } from "../../../../kernel/mod.ts";

const SCRIPTS = { python: "main.py", bash: "main.sh", nodejs: "main.js", typescript: "main.ts" };

describe("skills made of templates", { timeout: 120_000 }, () => {
  let server: GrantingServer;
  let user: User;
  before(async () => {
    server = await startGranting({ config: { skills: { bundled: false, watch: false } } });
    user = await server.connect();
  });
  after(() => server[Symbol.asyncDispose]());

  for (const [template, script_path] of Object.entries(SCRIPTS)) {
    test(`run as they were created: ${template}`, async () => {
      const skill_name = `my.${template}_1`;
      const description = 'Says "hello": # $(id) `id`';
      const created = await user.call("skill_crud", { operation: "create", skill_name, template, description });
      assert.notEqual(created.isError, true, textOf(created));
      const ran = await user.call("run_skill_script", { skill_name, script_path });
      assert.notEqual(ran.isError, true, textOf(ran));
      assert.match(textOf(ran), new RegExp(`Exit code: 0\\n[^]*Hello from ${skill_name}!`));
      const checked = await user.call("skill_crud", { operation: "validate", skill_name });
      assert.match(textOf(checked), /Status: ✓ Valid/);
    });
  }
});
