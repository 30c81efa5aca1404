/** Secrets of a skill, looked for through every tool, resource, prompt and method that reads its files by other names. */
import { SkillsClient } from "@modelcontextprotocol/client/ext/skills";
import assert from "node:assert/strict";
import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseSkillMdDetailed } from "../../../../plugins/skills/embed.ts";
import { temporaryFolder } from "../../../platform/temporary.ts";
import { type Managed, skillFile, startManaged } from "../management/kit.ts";

const CANARY = "canary-of-the-secrets";
/** Would be a whole SKILL.md as well. */
const ENV = `---\nname: SKILL\ndescription: ${CANARY}\n---\nTOKEN=${CANARY}\n`;
const SIDECARS = (name: string, file: string) =>
  skillFile(name).replace("---\n#", `metadata:\n  dcc-mcp:\n    tools: ${file}\n---\n#`);
const NAMES = ["soft", "hard", "files", "soft-side", "hard-side", "named-side", "folder"];
/** Files of the skill `files`, each of which is its secrets by another name, but the last. */
const FILES = [
  "soft.txt",
  "hard.txt",
  "self/.env",
  "self/soft.txt",
  "self/hard.txt",
  "chain.txt",
  "envd/local",
  "ok.txt",
];

async function writeSkills(root: string): Promise<void> {
  for (const name of NAMES) {
    await mkdir(join(root, name, ".env.d"), { recursive: true });
    await writeFile(join(root, name, ".env"), ENV.replace("SKILL", name));
    await writeFile(join(root, name, ".env.d/local"), CANARY);
  }
  await symlink(".env", join(root, "soft/SKILL.md"));
  await link(join(root, "hard/.env"), join(root, "hard/SKILL.md"));
  await symlink(".env.d/local", join(root, "folder/SKILL.md"));
  await writeFile(join(root, "files/SKILL.md"), skillFile("files"));
  await symlink(".env", join(root, "files/soft.txt"));
  await link(join(root, "files/.env"), join(root, "files/hard.txt"));
  await symlink(".", join(root, "files/self"));
  await symlink("soft.txt", join(root, "files/chain.txt"));
  await symlink(".env.d", join(root, "files/envd"));
  await writeFile(join(root, "files/ok.txt"), "fine");
  for (const name of ["soft-side", "hard-side"]) {
    await writeFile(join(root, name, "SKILL.md"), SIDECARS(name, "tools.yaml"));
  }
  await symlink(".env", join(root, "soft-side/tools.yaml"));
  await link(join(root, "hard-side/.env"), join(root, "hard-side/tools.yaml"));
  await writeFile(join(root, "named-side/.env.yaml"), `- name: ${CANARY}\n  description: ${CANARY}\n`);
  await writeFile(join(root, "named-side/SKILL.md"), SIDECARS("named-side", ".env.yaml"));
}

describe("secrets of skills", () => {
  let server: Managed;
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    home = await temporaryFolder();
    await writeSkills(join(home.path, "skills"));
    server = await startManaged({ home, config: { load: ["files", "soft-side", "hard-side"] } });
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
  /** Asks, and gives all that is said, be it an answer or an error. */
  const hear = async (ask: () => Promise<unknown>): Promise<string> => {
    const said = await ask().then((it) => JSON.stringify(it), (thrown) => `${thrown} ${JSON.stringify(thrown)}`);
    assert.ok(!said.includes(CANARY), said);
    return said;
  };

  test("come out by no tool", async () => {
    const calls: (readonly [string, Record<string, unknown>])[] = [
      ["list_skills", {}],
      ["search_skills", { query: "canary" }],
      ["skill_crud", { operation: "list" }],
      ["skill_crud", { operation: "search", search: "a" }],
    ];
    for (const skill_name of NAMES) {
      calls.push(["get_skill_info", { skill_name }], ["load_skill", { skill_name }]);
      calls.push(["skill_crud", { operation: "get", skill_name, include_content: true }]);
      calls.push(["skill_crud", { operation: "validate", skill_name }]);
      calls.push(["skill_files_crud", { operation: "list", skill_name }]);
      for (const file_path of ["SKILL.md", "tools.yaml", ...FILES]) {
        calls.push(["skill_files_crud", { operation: "read", skill_name, file_path }]);
        calls.push(["skill_files_crud", { operation: "read", skill_name, file_path, encoding: "base64" }]);
      }
    }
    for (const [tool, args] of calls) {
      const said = await hear(() => server.ask(tool, args));
      assert.ok(!said.includes(btoa(`TOKEN=${CANARY}`).slice(4, 20)), said);
    }
    const ok = await server.ask("skill_files_crud", { operation: "read", skill_name: "files", file_path: "ok.txt" });
    assert.ok(ok.text.endsWith("fine"), ok.text);
  });

  test("are told to be secrets where a file leads to them", async () => {
    for (const file_path of FILES.slice(0, -1)) {
      const { data } = await server.ask("skill_files_crud", { operation: "read", skill_name: "files", file_path });
      assert.equal(data.code, "FILE_SECRET", file_path);
    }
    const { text } = await server.crud({ operation: "get", skill_name: "hard", include_content: true });
    assert.match(text, /it leads to a file of secrets/);
    const listed = await server.ask("skill_files_crud", { operation: "list", skill_name: "files" });
    const hard = listed.data.files.find(({ path }: { readonly path: string }) => path === "hard.txt");
    assert.equal(hard.sha256, undefined);
  });

  test("come out by no resource, prompt or method of the extension, which list none of them", async () => {
    const { client } = server.kit;
    for (const name of NAMES) {
      for (const path of ["SKILL.md", "_manifest", "tools.yaml", ".env", ".env.d/local", ...FILES]) {
        await hear(() => client.readResource({ uri: `skill://${name}/${path}` }));
      }
      await hear(() => client.getPrompt({ name, arguments: { files: "all" } }));
      await hear(() => client.getPrompt({ name, arguments: { files: "soft.txt hard.txt .env self/" } }));
    }
    for (const ask of [() => client.listPrompts(), () => client.listResources()]) await hear(ask);
    const host = new SkillsClient(client);
    const { skills } = await host.list();
    await hear(() => Promise.resolve(skills));
    const files = skills.find(({ uri }) => uri === "skill://files/SKILL.md");
    assert.ok(Array.isArray(files?.resources));
    assert.deepEqual(files.resources.map(({ uri }) => uri), ["skill://files/SKILL.md", "skill://files/ok.txt"]);
    assert.doesNotMatch(JSON.stringify(skills), /\.env/);
    assert.doesNotMatch(await hear(() => host.readDirectory("skill://files")), /\.env|soft\.txt/);
  });

  test("are neither kept in the trash by another name, nor read by hosts that embed skills", async () => {
    const file = { skill_name: "files", file_path: "hard.txt" };
    assert.equal((await server.ask("skill_files_crud", { operation: "delete", ...file })).isError, false);
    assert.equal((await server.ask("skill_files_crud", { operation: "restore", ...file })).isError, true);
    for (const name of ["soft", "hard", "folder"]) {
      await hear(() => parseSkillMdDetailed(join(server.root, name)));
    }
  });
});
