/**
 * Services in containers of a real daemon, through a real client.
 */
import assert from "node:assert/strict";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { ServicesOutput } from "../../../plugins/services/tool/input.ts";
import * as v from "valibot";
import { startDocker, type TestDocker } from "./docker.ts";
import { imageName, makeImages } from "./images.ts";
import { addressOf, type Answer, startServices } from "./kit.ts";

const HTTP = imageName("http");

describe("services in containers", { timeout: 120_000 }, () => {
  let docker: TestDocker | string;
  before(async () => {
    docker = await startDocker();
    if (typeof docker !== "string") await makeImages(docker, "http");
  });
  after(async () => {
    if (typeof docker !== "string") await docker[Symbol.asyncDispose]();
  });
  const withDocker = (title: string, run: (docker: TestDocker, t: TestContext) => Promise<void>) =>
    test(title, (t) => typeof docker === "string" ? t.skip(docker) : run(docker, t));

  withDocker("the life of a service", async (docker) => {
    await using kit = await startServices({ docker });
    const define = { action: "define", name: "web", image: HTTP, ports: ["80"], env: { GREETING: "good day" } };
    await kit.ok(define);
    assert.equal((await kit.ok({ action: "status", name: "web" })).data.services?.[0]?.status, "absent");
    const started = await kit.ok({ action: "start", name: "web" });
    v.parse(ServicesOutput, started.data);
    assert.match(
      started.text,
      /^Started service "web"\.\n\n- \*\*web\*\* .*127\.0\.0\.1:\d+ → 80\/tcp, started in a new container$/,
    );
    const address = addressOf(started, "web");
    assert.match(address, /^http:\/\/127\.0\.0\.1:/);
    assert.equal(await (await fetch(address)).text(), "hello from the container\n");
    assert.equal((await kit.ok({ action: "start", name: "web" })).data.services?.[0]?.outcome, "running");

    const echoed = await kit.ok({
      action: "exec",
      name: "web",
      command: ["sh", "-c", "echo $GREETING; echo bad >&2"],
    });
    assert.deepEqual([echoed.data.stdout, echoed.data.stderr, echoed.data.exit_code], ["good day\n", "bad\n", 0]);
    const failed = await kit.call({ action: "exec", name: "web", command: "sh -c 'exit 3'" });
    assert.deepEqual([failed.isError, failed.data.exit_code], [true, 3]);
    assert.match((await kit.ok({ action: "logs", name: "web" })).data.log ?? "", /GET \/|response:200/);

    await kit.ok({ ...define, env: { GREETING: "good night" }, overwrite: true });
    const [changed] = (await kit.ok({ action: "list" })).data.services ?? [];
    assert.deepEqual([changed?.status, changed?.is_changed], ["running", true]);
    const again = await kit.ok({ action: "start", name: "web" });
    assert.equal(again.data.services?.[0]?.outcome, "recreated");
    assert.match(again.text, /new container, since its definition has changed/);
    assert.equal(
      (await kit.ok({ action: "exec", name: "web", command: "sh -c 'echo $GREETING'" })).data.stdout,
      "good night\n",
    );

    assert.equal((await kit.ok({ action: "stop", name: "web" })).data.services?.[0]?.status, "exited");
    assert.match((await kit.ok({ action: "stop", name: "web" })).text, /was not running/);
    assert.match(await kit.fail({ action: "exec", name: "web", command: ["true"] }), /it is exited; start it first/);
    assert.equal((await kit.ok({ action: "start", name: "web" })).data.services?.[0]?.outcome, "started");
    assert.deepEqual((await kit.ok({ action: "remove", name: "web" })).data.removed?.containers, ["skillz_svc_web"]);
    assert.match(await kit.fail({ action: "start", name: "web" }), /Cannot find service "web": there are none yet/);
    assert.equal(await docker.run("ps", "--all", "--quiet"), "");
  });

  withDocker("volumes of skillz are used on, and removed by those alone who ask for it", async (docker) => {
    await using kit = await startServices({ docker });
    await docker.run("volume", "create", "skillz_old");
    await docker.run("run", "--rm", "--volume", "skillz_old:/old", HTTP, "sh", "-c", "echo kept > /old/file");
    await kit.ok({ action: "define", name: "a", image: HTTP, volumes: ["old:/data", "shared:/shared"] });
    await kit.ok({ action: "define", name: "b", image: HTTP, volumes: ["shared:/shared:ro"] });
    await kit.ok({ action: "start", name: "a" });
    assert.equal((await kit.ok({ action: "exec", name: "a", command: "cat /data/file" })).data.stdout, "kept\n");
    await kit.ok({ action: "start", name: "b" });
    assert.equal((await kit.call({ action: "exec", name: "b", command: "sh -c 'echo > /shared/x'" })).isError, true);
    const { data } = await kit.ok({ action: "remove", name: "a", remove_volumes: true });
    assert.deepEqual([data.removed?.volumes, data.kept_volumes], [["skillz_old"], ["skillz_shared"]]);
    await kit.ok({ action: "remove", name: "b", remove_volumes: true });
    assert.equal(await docker.run("volume", "ls", "--quiet"), "");
    await kit.ok({ action: "define", name: "c", image: HTTP, volumes: ["never:/data"] });
    const unstarted = await kit.ok({ action: "remove", name: "c" });
    assert.deepEqual([unstarted.data.kept_volumes, unstarted.text], [[], 'Removed service "c".']);
  });

  withDocker("prune removes what is ours and stopped, and nothing else", async (docker) => {
    await using kit = await startServices({ docker });
    await using other = await startServices({ docker });
    await docker.run("volume", "create", "skillz_theirs");
    await docker.run("network", "create", "net_theirs");
    await kit.ok({ action: "define", name: "joins", image: HTTP, network: "net_theirs" });
    assert.match(
      await kit.fail({ action: "start", name: "joins" }),
      /"net_theirs" is there and was not made by this server/,
    );
    await using allowed = await startServices({ docker, config: { networks: ["net_theirs"] } });
    await allowed.ok({ action: "define", name: "joins", image: HTTP, network: "net_theirs" });
    await allowed.ok({ action: "start", name: "joins" });
    await allowed.ok({ action: "remove", name: "joins" });
    await docker.run("create", "--name", "skillz_svc_theirs", HTTP);
    for (const [name, owner] of [["mine", kit], ["runs", kit], ["others", other]] as const) {
      await owner.ok({ action: "define", name, image: HTTP, volumes: [`${name}:/data`], network: `net_${name}` });
      await owner.ok({ action: "start", name });
    }
    await kit.ok({ action: "stop", name: "mine" });
    await other.ok({ action: "stop", name: "others" });
    assert.deepEqual((await kit.ok({ action: "prune" })).data.removed, {
      containers: ["skillz_svc_mine"],
      volumes: [],
      networks: ["net_mine"],
    });
    assert.deepEqual((await kit.ok({ action: "prune", include_volumes: true })).data.removed?.volumes, ["skillz_mine"]);
    assert.match((await kit.ok({ action: "prune" })).text, /nothing to remove/);
    await kit.ok({ action: "remove", name: "runs", remove_volumes: true });
    await other.ok({ action: "remove", name: "others", remove_volumes: true });
    assert.deepEqual((await kit.ok({ action: "prune" })).data.removed?.networks, ["net_runs"]);
    // what was not made by this server is told of, and left alone
    await kit.ok({ action: "define", name: "theirs", image: HTTP });
    for (const action of ["start", "stop", "remove", "logs"]) {
      assert.match(await kit.fail({ action, name: "theirs" }), /was not made by this server/, action);
    }
    assert.equal(await docker.run("ps", "--all", "--format", "{{.Names}}"), "skillz_svc_theirs");
    assert.equal(await docker.run("volume", "ls", "--quiet"), "skillz_theirs");
    await docker.run("rm", "skillz_svc_theirs");
  });

  withDocker("what cannot be started says why, and leaves nothing", async (docker) => {
    await using kit = await startServices({ docker });
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as { readonly port: number };
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ ports: [`${port}:80`] }, /the port is taken by another program or service: choose another/],
      [
        { image: "localhost:1/absent:1" },
        /image "localhost:1\/absent:1" is not here and cannot be pulled: Docker says: .*; the registry of the image cannot be reached/s,
      ],
      [{ command: ["/no/such/program"] }, /the image has no such program/],
      [{ memory: "1k" }, /correct "memory" or "cpus"/],
      [{ cpus: 999 }, /correct "memory" or "cpus"/],
      [{ ports: ["0.0.0.0::80"] }, /reached from other machines on 0\.0\.0\.0:\*.*"expose": \["0\.0\.0\.0:\*"\]/],
    ];
    for (const [fields, expected] of refused) {
      await kit.ok({ action: "define", name: "x", image: HTTP, overwrite: true, ...fields });
      assert.match(await kit.fail({ action: "start", name: "x" }), expected);
    }
    assert.equal(await docker.run("ps", "--all", "--quiet"), "");
    listener.close();
    await kit.ok({ action: "define", name: "x", image: HTTP, ports: [`${port}:80`], overwrite: true });
    assert.equal(addressOf(await kit.ok({ action: "start", name: "x" }), "x"), `http://127.0.0.1:${port}`);
    await kit.ok({ action: "remove", name: "x" });
  });

  withDocker("an operator allows addresses, folders and secrets; limits hold", async (docker) => {
    const place = await realpath(await docker.folder("place"));
    await mkdir(join(place, "open"));
    await mkdir(join(place, "closed"));
    await writeFile(join(place, "open/file"), "from outside");
    await symlink(join(place, "closed"), join(place, "open/way-out"));
    const home = join(place, "home");
    await mkdir(home);
    await writeFile(join(home, "secrets.json"), JSON.stringify({ DB_KEY: "a secret, indeed" }), { mode: 0o600 });
    await using kit = await startServices({
      ...{ docker, home },
      config: { expose: ["0.0.0.0:*"] },
      ceiling: { read: [join(place, "open")], secrets: ["DB_*"] },
    });
    const define = { action: "define", name: "x", image: HTTP, overwrite: true };
    for (
      const [source, expected] of [
        [`${place}/closed`, /it asks to read .*closed.*"ceiling"/s],
        [`${place}/open/way-out`, /it asks to read .*closed/s],
        [`${place}/open/absent`, /there is no such folder; make it first/],
        ["./open", /is no absolute path/],
      ] as const
    ) {
      await kit.ok({ ...define, volumes: [`${source}:/x:ro`] });
      assert.match(await kit.fail({ action: "start", name: "x" }), expected);
    }
    await kit.ok({ ...define, volumes: [`${place}/open:/x`] });
    assert.match(await kit.fail({ action: "start", name: "x" }), /change .*open/);
    await kit.ok({ ...define, env: { KEY: "${secret:OTHER}" } });
    assert.match(await kit.fail({ action: "start", name: "x" }), /OTHER/);
    await kit.ok({
      ...define,
      ports: ["0.0.0.0::80"],
      volumes: [`${place}/open:/x:ro`],
      env: { KEY: "<${secret:DB_KEY}>" },
      memory: "64 MiB",
      cpus: 0.5,
      restart: "on-failure:2",
    });
    const started = await kit.ok({ action: "start", name: "x" });
    assert.equal(started.data.services?.[0]?.ports?.[0]?.address, "0.0.0.0");
    const shown = await kit.ok({ action: "exec", name: "x", command: "sh -c 'cat /x/file; echo $KEY'" });
    assert.equal(shown.data.stdout, "from outside<[DB_KEY]>\n");
    const inspected = JSON.parse(await docker.run("inspect", "skillz_svc_x"))[0];
    assert.ok(inspected.Config.Env.includes("KEY=<a secret, indeed>"));
    const { Memory, NanoCpus, RestartPolicy, SecurityOpt, LogConfig } = inspected.HostConfig;
    assert.deepEqual([Memory, NanoCpus, RestartPolicy], [2 ** 26, 5e8, { Name: "on-failure", MaximumRetryCount: 2 }]);
    assert.deepEqual([SecurityOpt, LogConfig.Config], [["no-new-privileges"], { "max-size": "10m", "max-file": "2" }]);
    await kit.ok({ action: "remove", name: "x" });
  });

  withDocker("a flooded log is told by its last lines; a command that is cut off is ended", async (docker) => {
    await using kit = await startServices({ docker });
    const script =
      "seq 1 100000; sleep 1; for i in a b c; do echo out $i; sleep 0.1; echo err $i >&2; sleep 0.1; done; sleep 1000";
    await kit.ok({ action: "define", name: "x", image: HTTP, command: ["sh", "-c", script] });
    await kit.ok({ action: "start", name: "x" });
    const command = ["sh", "-c", "sleep 2000 & sleep 2000"];
    const text = await kit.fail({ action: "exec", name: "x", command, timeout_ms: 500 });
    assert.match(text, /took longer than 500 ms, and it was ended; raise "timeout_ms"/);
    assert.doesNotMatch(await docker.run("top", "skillz_svc_x"), /sleep 2000/);
    // the engine reads each stream by itself, and what is written at one time in any order
    let log = "";
    for (let i = 0; i < 100 && !log.endsWith("err c"); i++) {
      log = (await kit.ok({ action: "logs", name: "x", tail: 8 })).data.log ?? "";
    }
    assert.deepEqual(log.split("\n"), ["99999", "100000", "out a", "err a", "out b", "err b", "out c", "err c"]);
    assert.equal((await kit.ok({ action: "logs", name: "x", tail: 10_000 })).data.log?.split("\n").length, 10_000);
    await kit.ok({ action: "remove", name: "x" });
  });

  withDocker("two servers of one home start a service once", async (docker) => {
    await using kit = await startServices({ docker });
    await using twin = await startServices({ docker, home: kit.home });
    await kit.ok({ action: "define", name: "x", image: HTTP });
    const starts = [kit, twin, kit, twin].map((it) => it.ok({ action: "start", name: "x" }));
    const outcomes = (await Promise.all(starts)).map((it) => it.data.services?.[0]?.outcome);
    assert.equal(outcomes.filter((it) => it === "created").length >= 1, true);
    assert.equal((await docker.run("ps", "--all", "--quiet")).split("\n").length, 1);
    await twin.ok({ action: "remove", name: "x" });
  });

  withDocker("a daemon that goes away is told in the middle of what is done, and found again", async (docker) => {
    await using kit = await startServices({ docker });
    const healthcheck = { cmd: "test -e /tmp/ready", retries: 100 };
    await kit.ok({ action: "define", name: "x", image: HTTP });
    await kit.ok({ action: "define", name: "late", image: HTTP, healthcheck });
    await kit.ok({ action: "start", name: "x" });
    let start: Promise<Answer> | undefined;
    await new Promise<void>((resolve) => {
      start = kit.call({ action: "start", name: "late" }, { onprogress: () => resolve() });
    });
    const command = kit.call({ action: "exec", name: "x", command: "sleep 1000" });
    while (!(await docker.run("top", "skillz_svc_x")).includes("sleep 1000"));
    await docker.crash();
    for (const { text } of [await start!, await command]) {
      assert.match(text, /daemon (?:of Docker )?does not answer .*systemctl start docker/);
    }
    assert.match(
      await kit.fail({ action: "start", name: "x" }),
      /Cannot use containers: Docker is at .* does not answer/,
    );
    const list = await kit.ok({ action: "list" });
    assert.deepEqual([list.data.services?.[0]?.status, list.data.engine], ["unknown", undefined]);
    assert.equal(await docker.start(), true);
    await kit.ok({ action: "start", name: "x" });
    await kit.ok({ action: "remove", name: "x" });
    await kit.ok({ action: "remove", name: "late" });
  });
});
