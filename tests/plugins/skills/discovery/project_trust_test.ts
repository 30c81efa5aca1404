import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { projectSubject } from "../../../../plugins/trust/contract.ts";
import { TrustKeeper } from "../../../../plugins/trust/keeper.ts";
import { until } from "../../../support/wait.ts";
import { openFolders, Place } from "./kit.ts";

describe("a project", () => {
  const inProject = (place: Place) =>
    place.searchPath("project/.agents/skills", {
      scope: "repo",
      origin: "project",
      needsTrust: true,
      project: place.at("project"),
    });

  test("has its skills counted until it is trusted, on the command line or in a question, and again when it is not", async () => {
    using place = new Place();
    place.skill("project/.agents/skills/a", "Hostile text");
    place.skill("s/b");
    const log = fakeLog();
    const trust = new TrustKeeper({ home: place.files, log });
    const collect = () => [inProject(place), place.searchPath("s")];
    await using opened = await openFolders(place, { collect, trust, isWatched: false });
    assert.deepEqual(opened.names(), ["b"]);
    assert.deepEqual(opened.folders.current().untrusted, [{ ...inProject(place), skills: 1 }]);
    const subject = projectSubject(place.files, place.at("project"), "Its skill is found then");
    const call = createCall({
      client: { name: "x", version: "1", protocolVersion: undefined, capabilities: { elicitation: {} } },
      elicit: () => Promise.resolve({ action: "accept", content: { decision: "trust" } }),
    });
    assert.equal(await trust.ask(subject, call), true);
    await until(() => opened.names().join() === "a,b", "the skills of the project");
    assert.deepEqual(opened.folders.current().untrusted, []);
    assert.equal(opened.folders.current().skills[0]!.scope, "repo");
    // another process, such as the command line
    const other = new TrustKeeper({ home: place.files, log });
    assert.equal(await other.revoke(subject), true);
    await until(() => opened.names().join() === "b", "them to go");
    await other.trust(subject);
    await until(() => opened.names().join() === "a,b", "them to come back");
    await opened.folders.close();
    await trust.close();
  });

  test("is not trusted where nothing tells, and where the record is broken, which is said once", async () => {
    using place = new Place();
    place.skill("project/.agents/skills/a");
    const collect = () => [inProject(place)];
    {
      await using opened = await openFolders(place, { collect, isWatched: false });
      assert.equal(opened.folders.current().untrusted[0]!.skills, 1);
    }
    place.write("home/trust.json", "{");
    const trust = new TrustKeeper({ home: place.files, log: fakeLog() });
    await using opened = await openFolders(place, { collect, trust, isWatched: false });
    await opened.folders.refresh();
    assert.deepEqual(opened.names(), []);
    const said = opened.log.take("warn").map(({ message }) => message);
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0]!, /trust\.json" is not valid JSON/);
  });
});
