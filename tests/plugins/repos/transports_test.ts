import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { serveGit } from "../sharing/kit.ts";
import { serveDaemon, serveSsh } from "./git_servers.ts";
import { commitTree, gitWith, GUEST, leftovers, makePlace, skill, startRepositories } from "./repositories_kit.ts";

/** Adds, updates and installs by an address; `bare` is what it leads to. */
async function useAll(url: string, bare: string, home: string): Promise<void> {
  const first = await commitTree(bare, { ...skill("skills/a"), ...skill("skills/b") });
  await using kit = await startRepositories(home);
  const { repository } = await kit.repositories.add({ url, branch: "main" }, kit.call());
  assert.deepEqual([repository.commit, repository.skills.map((it) => it.name)], [first, ["a", "b"]], url);
  const second = await commitTree(bare, { ...skill("skills/a"), ...skill("skills/c") });
  const [updated] = await kit.repositories.update(repository.name, kit.call());
  assert.deepEqual([updated?.added, updated?.removed, updated?.repository.commit], [["c"], ["b"], second]);
  const pinned = await kit.repositories.pin(repository.name, { commit: first }, kit.call());
  assert.equal(pinned.repository.commit, first);
  await assert.rejects(
    kit.repositories.add({ url, branch: "absent", name: "absent" }, kit.call()),
    /git says: .*couldn't find remote ref absent/s,
  );
  assert.deepEqual(await leftovers(home), []);
}

test("repositories come over HTTP from git's own server, whatever their address ends in", async () => {
  await using place = await makePlace();
  await using site = await serveGit(place.path);
  const bare = join(place.path, "skills.git");
  await useAll(`${site.url}/skills.git`, bare, place.home);
  await using kit = await startRepositories(join(place.path, "other"));
  for (const [i, ending] of ["", "/", ".git/"].entries()) {
    const url = `${site.url}/skills${ending}`;
    const { repository } = await kit.repositories.add({ url, name: `skills-${i}` }, kit.call({ principal: GUEST }));
    assert.equal(repository.skills.length, 2, url);
  }
  await assert.rejects(
    kit.repositories.add({ url: `${site.url}/private/x` }, kit.call()),
    /git says: .*(?:prompts disabled|could not read)/s,
  );
});

test("repositories come from git's daemon", async () => {
  await using place = await makePlace();
  await using site = await serveDaemon(place.path);
  const bare = join(place.path, "skills.git");
  await useAll(`${site.url}${bare}`, bare, place.home);
});

test("repositories come from paths of this machine", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await useAll(bare, bare, place.home);
  await useAll(`file://${join(place.path, "other.git")}`, join(place.path, "other.git"), join(place.path, "home2"));
});

test("a server that redirects leads to the web alone, and to no file of this machine", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await commitTree(bare, skill("a"));
  await gitWith(bare, ["update-server-info"]);
  await using site = await serveGit(place.path);
  const targets: Readonly<Record<string, string>> = {
    moved: `${site.url}/skills.git`,
    file: `file://${bare}`,
    ftp: site.url.replace("http", "ftp"),
    git: site.url.replace("http", "git"),
    ext: `ext::sh -c touch% ${join(place.path, "trap")}`,
  };
  const server = createServer((request, response) => {
    const [, name = "", rest = ""] = /^\/([a-z]+)(.*)$/.exec(request.url ?? "") ?? [];
    response.writeHead(302, { location: `${targets[name]}${rest}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { readonly port: number };
    await using kit = await startRepositories(place.home);
    for (const name of Object.keys(targets)) {
      const adding = kit.repositories.add({ url: `http://127.0.0.1:${port}/${name}` }, kit.call());
      if (name === "moved") assert.equal((await adding).repository.skills.length, 1);
      else await assert.rejects(adding, /git says: /, name);
    }
    assert.equal(existsSync(join(place.path, "trap")), false);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("repositories come over ssh with the keys of the server's own user, and for nobody else", async (t) => {
  await using place = await makePlace();
  const site = await serveSsh(join(place.path, "ssh"));
  if (typeof site === "string") return t.skip(site);
  await using _site = site;
  const before = process.env["XDG_CONFIG_HOME"];
  try {
    process.env["XDG_CONFIG_HOME"] = site.settings;
    const bare = join(place.path, "skills.git");
    const url = `${site.url}${bare}`;
    await useAll(url, bare, place.home);
    await using kit = await startRepositories(join(place.path, "other"));
    await assert.rejects(kit.repositories.add({ url }, kit.call({ principal: GUEST })), /git says: /);
  } finally {
    if (before === undefined) delete process.env["XDG_CONFIG_HOME"];
    else process.env["XDG_CONFIG_HOME"] = before;
  }
});
