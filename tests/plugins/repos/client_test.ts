/**
 * Repositories of each layout, over each transport, through the program and a client, on the runtime of the test.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { removeBundle } from "../../command_line/program.ts";
import { serveGit } from "../sharing/kit.ts";
import { Machine, type Talk } from "../skills/proof/kit.ts";
import { serveDaemon, serveSsh } from "./git_servers.ts";
import { commitTree, skill, type Tree } from "./repositories_kit.ts";

after(removeBundle);

function numbered(count: number, pathOf: (index: number) => string): Tree {
  return Object.assign({}, ...Array.from({ length: count }, (_, index) => skill(pathOf(index))));
}

/** Layouts, with how many skills are in each and the name of one of them. */
const LAYOUTS: Readonly<Record<string, { readonly tree: Tree; readonly count: number; readonly one: string }>> = {
  five: { tree: numbered(5, (i) => `skills/five-${i}`), count: 5, one: "five-4" },
  thirty: { tree: numbered(30, (i) => `thirty-${i}`), count: 30, one: "thirty-29" },
  nested: { tree: numbered(836, (i) => `pack-${i % 22}/nested-${i}`), count: 836, one: "nested-835" },
  single: { tree: skill("", { name: "single" }), count: 1, one: "single" },
  pointed: {
    tree: { ".claude-plugin/plugin.json": JSON.stringify({ skills: "./.hidden/" }), ...skill(".hidden/pointed-to") },
    count: 1,
    one: "pointed-to",
  },
};

/** Adds repositories by their addresses, and reads one skill of each. */
async function addAll(talk: Talk, addresses: Readonly<Record<string, string>>) {
  for (const [name, url] of Object.entries(addresses)) {
    const { count, one } = LAYOUTS[name]!;
    const added = await talk.data("add_skill_repo", { url });
    assert.deepEqual([added.name, added.url, added.count, added.left_out], [name, url, count, []]);
    const { messages } = await talk.client.getPrompt({ name: one });
    assert.match(JSON.stringify(messages), new RegExp(`Use ${one}\\.`));
  }
  const { repositories } = await talk.data("skill_repos", { operation: "list" });
  assert.deepEqual(
    repositories.map((it: { readonly name: string }) => it.name),
    Object.keys(addresses).sort(),
  );
}

test("a client adds repositories of each layout over HTTP, git's daemon, ssh and from paths", async (t) => {
  await using machine = await Machine.make();
  const bareOf = (name: string) => machine.at("remote", `${name}.git`);
  for (const [name, { tree }] of Object.entries(LAYOUTS)) await commitTree(bareOf(name), tree);

  const run = async (
    transport: string,
    addressOf: (bare: string) => string,
    env: Readonly<Record<string, string>> = {},
  ) =>
    await t.test(`over ${transport}`, async () => {
      await machine.remove("home");
      await using talk = await machine.pipe({ env });
      // the largest once
      const names = Object.keys(LAYOUTS).filter((name) => name !== "nested" || transport === "HTTP");
      await addAll(talk, Object.fromEntries(names.map((name) => [name, addressOf(bareOf(name))])));
    });

  await run("paths", (bare) => bare);
  await using http = await serveGit(machine.at("remote"));
  await run("HTTP", (bare) => http.url + bare.slice(machine.at("remote").length));
  await using daemon = await serveDaemon(machine.at("remote"));
  await run("git's daemon", (bare) => daemon.url + bare);
  const ssh = await serveSsh(join(machine.path, "ssh"));
  if (typeof ssh === "string") return void await t.test("over ssh", { skip: ssh }, () => {});
  await using _ssh = ssh;
  await run("ssh", (bare) => ssh.url + bare, { XDG_CONFIG_HOME: ssh.settings });
});
