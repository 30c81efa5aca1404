/**
 * `collet skill_repos`, as a person types it.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { removeBundle, startProgram } from "../../command_line/program.ts";
import { Machine } from "../skills/proof/kit.ts";
import { saying, SkillRepository, tides } from "./skill_repository.ts";

after(removeBundle);

test(
  "skill_repos does on the command line what the tools do, and trusts what is named",
  { timeout: 180_000 },
  async () => {
    await using machine = await Machine.make();
    const sea = await SkillRepository.make(machine, "sea", tides("high"));
    const run = (...words: readonly string[]) => machine.run("skill_repos", ...words);
    const json = async (...words: readonly string[]) => JSON.parse(await run(...words, "--json"));
    assert.match(await run("add", sea.path, "--branch", "main"), /^Added repo 'sea' with 1 skill: tides\n/);
    const allowed = await run("trust", "sea", "--skill", "tides");
    assert.match(allowed, /scripts\/read\.sh.+\n(?:.*\n)*Allowed: scripts of 1 skill of repo 'sea'/);
    assert.equal((await json("list", "sea")).skills[0].status, "trusted");
    const { next } = await sea.commit({ "!skills/tides/scripts/read.sh": saying("low") }).then(() =>
      json("diff", "sea")
    );
    assert.match(await run("pin", "sea"), /pinned/);
    assert.match(await run("unpin", "sea"), /no longer pinned/);
    const { updated: [updated] } = await json("update");
    assert.deepEqual([updated.commit, updated.asks_again.skills], [next, ["tides"]]);
    const again = await run("trust", "sea");
    assert.match(again, /-cat > \/dev\/null; echo high\n +\+cat > \/dev\/null; echo low/);
    assert.deepEqual(await json("untrust", "sea", "--skill", "tides"), { name: "sea", revoked: 1 });
    await machine.remove("home/repos/sea");
    assert.match(await run("list"), /not on this machine/);
    assert.match(await run("install"), /^Installed repo 'sea'/);
    assert.match(await run("remove", "sea"), /^Removed repo 'sea'/);

    const wrong = [[], ["lst"], ["trust"], ["list", "a", "b"], ["pin", "sea", "--skill", "x"]];
    await Promise.all(wrong.map(async (words) => {
      const options = { home: machine.at("home"), cwd: machine.at("project"), env: machine.env };
      const { code, stderr } = await (await startProgram(["skill_repos", ...words], options)).ended;
      assert.equal(code, 2, stderr);
      assert.match(stderr, /Run "collet skill_repos /);
    }));
  },
);
