import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { splitWords } from "../../../plugins/services/definition/words.ts";
import { startServices } from "./kit.ts";

const DB = {
  action: "define",
  name: "db",
  image: "postgres:16",
  ports: [5432],
  env: { POSTGRES_PASSWORD: "${secret:DB_PASSWORD}", SIZE: 3 },
  volumes: ["pgdata:/var/lib/postgresql/data"],
  healthcheck: { cmd: "pg_isready" },
  command: "postgres -c 'log_statement=all'",
  memory: "512m",
  cpus: 0.5,
  depends_on: ["cache"],
} as const;

describe("services without an engine", () => {
  test("define writes what skillz reads, and list shows it", async () => {
    await using kit = await startServices();
    const { text, data } = await kit.ok(DB);
    assert.match(text, /^Defined service "db"\. It depends on cache, which has to be defined/);
    assert.equal(data.replaced, false);
    const file = JSON.parse(await readFile(join(kit.home, "services/db.json"), "utf8"));
    assert.deepEqual(file, {
      name: "db",
      image: "postgres:16",
      ports: ["5432"],
      env: { POSTGRES_PASSWORD: "${secret:DB_PASSWORD}", SIZE: "3" },
      volumes: ["pgdata:/var/lib/postgresql/data"],
      description: "",
      network: "skillz_services",
      command: ["postgres", "-c", "log_statement=all"],
      memory: "512m",
      cpus: 0.5,
      depends_on: ["cache"],
      restart: "unless-stopped",
      healthcheck: { cmd: "pg_isready", interval: "2s", retries: 15, timeout: "5s" },
    });
    assert.match(await kit.fail(DB), /there is one of that name; give "overwrite": true/);
    assert.equal((await kit.ok({ ...DB, overwrite: true })).data.replaced, true);
    const list = await kit.ok({ action: "list" });
    assert.deepEqual(list.data.services, [
      { name: "db", status: "unknown", image: "postgres:16", depends_on: ["cache"] },
    ]);
    assert.match(list.data.engine_problem ?? "", /daemon does not answer|not installed/);
  });

  test("what needs an engine says what was looked for, and what to do", async () => {
    await using kit = await startServices();
    await kit.ok({ action: "define", name: "db", image: "x" });
    for (const action of ["start", "stop", "status", "logs"]) {
      const text = await kit.fail({ action, name: "db" });
      assert.match(text, /Cannot use containers: Docker is (?:at .*systemctl start docker|not installed)/, action);
    }
    assert.match(await kit.fail({ action: "logs" }), /"name" is missing/);
    assert.match(await kit.fail({ action: "logs", name: "../x" }), /a name has 1 to 64 letters/);
  });

  test("what cannot be defined is refused by field", async () => {
    await using kit = await startServices();
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ image: "-v" }, /"image": found "-v", expected the name of an image/],
      [{ name: "../db" }, /"name": found "..\/db", expected 1 to 64 letters/],
      [{ ports: ["80-90:80-90"] }, /Cannot use port "80-90:80-90".*a range is written as single ports/],
      [{ ports: ["70000"] }, /Cannot use port "70000"/],
      [{ volumes: ["/data"] }, /Cannot use volume "\/data": expected "data:\/path"/],
      [{ volumes: ["a,b:/x"] }, /Cannot use volume/],
      [{ env: { "A B": "1" } }, /env/],
      [{ memory: "much" }, /"memory": found "much", expected 512m/],
      [{ cpus: 0 }, /"cpus"/],
      [{ restart: "sometimes" }, /"restart": found "sometimes", expected no, always/],
      [{ network: "none", ports: ["80"] }, /Cannot use "ports" with network "none"/],
      [{ network: "host" }, /reaches every port of this machine/],
      [{ healthcheck: { cmd: "true", interval: "often" } }, /"healthcheck.interval": found "often", expected a time/],
      [{ depends_on: ["a b"] }, /depends_on/],
      [{ command: "say 'hello" }, /"command"/],
    ];
    for (const [fields, expected] of refused) {
      assert.match(await kit.fail({ action: "define", name: "x", image: "y", ...fields }), expected);
    }
    assert.deepEqual((await kit.ok({ action: "list" })).data.services, []);
  });

  test("files of skillz are read, and those that cannot be are listed with the reason", async () => {
    const before = process.env["TOOLS_DIR"];
    await using outer = await startServices();
    process.env["TOOLS_DIR"] = join(outer.home, "tools");
    try {
      await mkdir(join(outer.home, "tools/services"), { recursive: true });
      const skillz = {
        ...{ name: "old", image: "redis:7", ports: ["6379:6379"], env: {}, volumes: ["data:/data"] },
        ...{ healthcheck: null, description: null, network: "skillz_services", more: 1 },
      };
      await writeFile(join(outer.home, "tools/services/old.json"), JSON.stringify(skillz));
      await writeFile(join(outer.home, "tools/services/broken.json"), "{");
      await writeFile(join(outer.home, "tools/services/v1.2.json"), "{}");
      await using kit = await startServices({ home: outer.home });
      const { services = [] } = (await kit.ok({ action: "list" })).data;
      assert.deepEqual(services.map((it) => [it.name, it.status]), [
        ["broken", "invalid"],
        ["old", "unknown"],
        ["v1.2", "invalid"],
      ]);
      assert.match(services[2]?.problem ?? "", /letters, digits, _ and -; rename v1\.2\.json/);
      assert.match(await kit.fail({ action: "start", name: "olt" }), /there is .*; did you mean "old"\? The action/);
      assert.match(services[0]?.problem ?? "", /broken\.json cannot be read: .*JSON/);
      assert.match(await kit.fail({ action: "define", name: "old", image: "redis:8" }), /one of that name/);
    } finally {
      if (before === undefined) delete process.env["TOOLS_DIR"];
      else process.env["TOOLS_DIR"] = before;
    }
  });
});

test("splitWords() splits as a shell does, and runs nothing", () => {
  assert.deepEqual(splitWords(`a "b c" 'd "e' f\\ g  "h\\"i" $j|k ''`), ["a", "b c", 'd "e', "f g", 'h"i', "$j|k", ""]);
  assert.equal(splitWords("a 'b"), undefined);
  assert.equal(splitWords("a \\"), undefined);
  assert.deepEqual(splitWords("  "), []);
});
