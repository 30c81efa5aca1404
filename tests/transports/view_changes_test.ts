import assert from "node:assert/strict";
import { test } from "node:test";
import { Kernel, type ViewChange, ViewChanged } from "../../kernel/mod.ts";
import { createHttpHandler } from "../../kernel/transports/http.ts";
import { fakeLog } from "../../kernel/testing.ts";
import { toolPlugin } from "../support/plugins.ts";
import { eventsOf, modern, post, RawSession } from "../support/raw.ts";
import { pause, until } from "../support/wait.ts";

/** Reads notifications of list changes as they come. */
function gather(response: Response): string[] {
  const methods: string[] = [];
  void (async () => {
    for await (const { data } of eventsOf(response)) {
      if (data.includes("list_changed")) methods.push(JSON.parse(data).method);
    }
  })().catch(() => {});
  return methods;
}

test("a change of what some see is told to those whom it concerns", async () => {
  await using kernel = await new Kernel({ log: fakeLog() }).use(toolPlugin("echo", () => "hi")).start();
  const http = createHttpHandler(kernel, { name: "views", version: "1.0.0" });
  const as = (id: string) => (request: Request) => http.fetch(request, { principal: { id, scopes: [] } });
  const sessions = await Promise.all(["ada", "ada", "bob"].map((id) => RawSession.open(as(id))));
  const told = await Promise.all(sessions.map(async (it) => gather(await it.bodyless("GET"))));
  const { body, headers } = modern("subscriptions/listen", { notifications: { toolsListChanged: true } });
  const heard = await Promise.all(["ada", "bob"].map(async (id) => gather(await post(as(id), body, { headers }))));
  const counts = () => [...told, ...heard].map((it) => it.length);
  const change = async (it: ViewChange, expected: readonly number[]) => {
    kernel.emit(ViewChanged, it);
    await until(() => counts().join() === expected.join(), `${expected} told, found ${counts()}`);
    await pause(150);
    assert.deepEqual(counts(), expected);
  };
  await change({ kind: "tool", principalId: "ada" }, [1, 1, 0, 1, 0]);
  await change({ kind: "tool", sessionId: sessions[1]!.id }, [1, 2, 0, 1, 0]);
  await change({ kind: "tool" }, [2, 3, 1, 2, 1]);
  await change({ kind: "tool", principalId: undefined }, [2, 3, 1, 2, 1]);
  // changes for one and for all do not swallow each other
  kernel.emit(ViewChanged, { kind: "tool", principalId: "bob" });
  kernel.emit(ViewChanged, { kind: "tool" });
  await until(() => counts().join() === "3,4,3,3,3", "all are told");
  assert.deepEqual([...new Set([...told, ...heard].flat())], ["notifications/tools/list_changed"]);
  await http.close();
});
