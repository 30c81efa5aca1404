import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Call, type CallPatch, createCall, ToolError } from "../../../kernel/mod.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { conformance, fakeLog } from "../../../kernel/testing.ts";
import { projectSubject, type TrustSubject } from "../../../plugins/trust/contract.ts";
import { TrustKeeper } from "../../../plugins/trust/keeper.ts";
import trust from "../../../plugins/trust/mod.ts";
import { defer, until } from "../../support/wait.ts";

const PROJECT: TrustSubject = { kind: "project", id: "/home/ada/engine", description: "Its 2 skills are then found" };

/** A home folder with keepers on it, each like that of a server of its own. */
class Home implements AsyncDisposable {
  readonly path: string = realpathSync(mkdtempSync(join(tmpdir(), "collet-trust-")));
  readonly file: string = join(this.path, "trust.json");
  readonly #keepers: TrustKeeper[] = [];

  keeper(): TrustKeeper {
    const keeper = new TrustKeeper({ home: createFiles(this.path), log: fakeLog() });
    this.#keepers.push(keeper);
    return keeper;
  }

  read(): unknown {
    return JSON.parse(readFileSync(this.file, "utf8"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const keeper of this.#keepers) await keeper.close();
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A call whose client can ask, with the questions that it was asked. */
function asking(answer: Call["elicit"], more: CallPatch = {}): { readonly call: Call; readonly messages: string[] } {
  const messages: string[] = [];
  const call = createCall({
    client: { name: "test", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } },
    elicit(request) {
      messages.push(request.message);
      return answer(request);
    },
    ...more,
  });
  return { call, messages };
}

const says = (decision: string): Call["elicit"] => () => Promise.resolve({ action: "accept", content: { decision } });
const YES = says("trust");
const NO = says("no");

conformance(trust);

describe("the record", () => {
  test("is one file for its owner alone, that all servers with this home share", async () => {
    await using home = new Home();
    const [one, two] = [home.keeper(), home.keeper()];
    assert.equal(await two.isTrusted(PROJECT), false);
    await one.trust(PROJECT);
    assert.equal(await two.isTrusted(PROJECT), true);
    assert.equal(statSync(home.file).mode & 0o777, 0o600);
    const [entry] = (home.read() as { trusted: Record<string, unknown>[] }).trusted;
    assert.deepEqual(Object.keys(entry!), ["kind", "id", "trusted_at"]);
    assert.ok(Math.abs(Date.parse(String(entry!["trusted_at"])) - Date.now()) < 60_000);
    assert.equal(await two.isTrusted({ kind: "repository", id: PROJECT.id }), false);
    assert.equal(await two.isTrusted({ kind: "project", id: `${PROJECT.id}/below` }), false);
    assert.equal(await two.revoke(PROJECT), true);
    assert.equal(await one.revoke(PROJECT), false);
    assert.deepEqual(await one.list(), []);
  });

  test("loses nothing when many write at once, and keeps fields that it does not know", async () => {
    await using home = new Home();
    const known = { kind: "project", id: "/known", note: "by hand", trusted_at: "2026-01-01T00:00:00.000Z" };
    writeFileSync(home.file, JSON.stringify({ version: 1, comment: "mine", trusted: [known] }), { mode: 0o600 });
    const keepers = Array.from({ length: 4 }, () => home.keeper());
    await Promise.all(Array.from({ length: 20 }, (_, i) => keepers[i % 4]!.trust({ kind: "project", id: `/p${i}` })));
    await keepers[0]!.trust({ kind: "project", id: "/known", digest: "abc" });
    const record = home.read() as { comment: string; trusted: Record<string, unknown>[] };
    assert.equal(record.comment, "mine");
    assert.equal(record.trusted.length, 21);
    const { trusted_at: at, ...rest } = record.trusted.find(({ id }) => id === "/known")!;
    assert.deepEqual(rest, { kind: "project", id: "/known", note: "by hand", digest: "abc" });
    assert.notEqual(at, known.trusted_at);
    assert.deepEqual((await keepers[1]!.list()).map(({ id }) => id).slice(0, 3), ["/known", "/p0", "/p1"]);
  });

  test("trusts what it was, or whatever it becomes", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    const repository = { kind: "repository", id: "https://example.com/skills.git" };
    await keeper.trust({ ...repository, digest: "one" });
    assert.equal(await keeper.isTrusted({ ...repository, digest: "one" }), true);
    assert.equal(await keeper.isTrusted({ ...repository, digest: "two" }), false);
    assert.equal(await keeper.isTrusted(repository), false);
    await keeper.trust({ ...repository, digest: "two" });
    assert.equal(await keeper.isTrusted({ ...repository, digest: "one" }), false);
    await keeper.trust(repository);
    assert.equal(await keeper.isTrusted({ ...repository, digest: "three" }), true);
    assert.deepEqual((await keeper.list()).map(({ digest }) => digest), [undefined]);
  });

  const broken: Readonly<Record<string, readonly [text: string, said: RegExp]>> = {
    "no JSON": ["{", /is not valid JSON; mend it, or remove it and trust again/],
    "another value": ["[]", /is no JSON object/],
    "a newer version": ['{"version": 2}', /has version 2, where 1 is known/],
    "no version": ["{}", /has no version/],
    "a broken entry": ['{"version": 1, "trusted": [{"kind": "project"}]}', /has an entry of "trusted" without/],
    "no list": ['{"version": 1, "trusted": {}}', /has an entry of "trusted" without/],
  };
  for (const [what, [text, said]] of Object.entries(broken)) {
    test(`with ${what} is refused by its name, and left as it is`, async () => {
      await using home = new Home();
      writeFileSync(home.file, text, { mode: 0o600 });
      const keeper = home.keeper();
      const isSaid = (thrown: unknown) => {
        assert.ok(thrown instanceof ToolError);
        assert.match(thrown.message, said);
        assert.ok(thrown.message.includes(`"${home.file}"`), thrown.message);
        return true;
      };
      const { call, messages } = asking(YES);
      for (
        const attempt of [
          () => keeper.isTrusted(PROJECT),
          () => keeper.ask(PROJECT, call),
          () => keeper.trust(PROJECT),
          () => keeper.revoke(PROJECT),
          () => keeper.list(),
        ]
      ) await assert.rejects(attempt, isSaid);
      assert.equal(readFileSync(home.file, "utf8"), text);
      assert.deepEqual(messages, []);
      rmSync(home.file);
      assert.equal(await keeper.isTrusted(PROJECT), false);
    });
  }

  test("that others can write is refused until it is mended", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    await keeper.trust(PROJECT);
    chmodSync(home.file, 0o666);
    await assert.rejects(keeper.isTrusted(PROJECT), /can be written by others \(mode 666\).*chmod 600/);
    chmodSync(home.file, 0o600);
    assert.equal(await keeper.isTrusted(PROJECT), true);
  });
});

describe("ask()", () => {
  test("asks once, however many want to know, and remembers a yes", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    const answer = defer<{ action: "accept"; content: { decision: string } }>();
    const { call, messages } = asking(() => answer.promise);
    const other = asking(() => answer.promise);
    const asked = [keeper.ask(PROJECT, call), keeper.ask(PROJECT, other.call), keeper.ask(PROJECT, call)];
    // whoever comes first asks
    const all = () => [...messages, ...other.messages];
    await until(() => all().length > 0);
    answer.resolve({ action: "accept", content: { decision: "trust" } });
    assert.deepEqual(await Promise.all(asked), [true, true, true]);
    assert.equal(all().length, 1);
    assert.match(all()[0]!, /^Do you trust the project "\/home\/ada\/engine"\? Its 2 skills are then found\. /);
    assert.equal(await home.keeper().isTrusted(PROJECT), true);
  });

  test("remembers a refusal while the server lives, and until somebody says otherwise", async () => {
    for (const elicit of [NO, says("always"), () => Promise.resolve({ action: "decline" as const })]) {
      await using home = new Home();
      const keeper = home.keeper();
      const { call, messages } = asking(elicit);
      assert.equal(await keeper.ask(PROJECT, call), false);
      const yes = asking(YES);
      assert.equal(await keeper.ask(PROJECT, yes.call), false);
      assert.deepEqual([messages.length, yes.messages.length], [1, 0]);
      assert.deepEqual(await keeper.list(), []);
      assert.equal(await home.keeper().ask(PROJECT, yes.call), true, "another server asks anew");
      await keeper.trust(PROJECT);
      await keeper.revoke(PROJECT);
      assert.equal(await keeper.ask(PROJECT, yes.call), true, "what was said since counts");
    }
  });

  test("asks anew for another digest, and shows it", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    const { call, messages } = asking(YES);
    assert.equal(await keeper.ask({ ...PROJECT, digest: "1".repeat(64) }, call), true);
    assert.equal(await keeper.ask({ ...PROJECT, digest: "2".repeat(64) }, call), true);
    assert.equal(messages.length, 2);
    assert.match(messages[1]!, /the digest 2222222222222222;/);
  });

  test("is a no where the client cannot ask, and for who is not the user of this machine", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    assert.equal(await keeper.ask(PROJECT, createCall()), false);
    const remote = asking(YES, { principal: { id: "bob", scopes: [] } });
    assert.equal(await keeper.ask(PROJECT, remote.call), false);
    assert.deepEqual(remote.messages, []);
    const local = asking(YES, { principal: { id: "local", scopes: [] } });
    assert.equal(await keeper.ask(PROJECT, local.call), true);
    assert.equal(await keeper.ask(PROJECT, remote.call), true, "what is trusted is so for all");
  });

  test("passes the question on when whoever was asked gives no answer", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    const controller = new AbortController();
    const gone = asking(
      () =>
        new Promise((_, reject) => controller.signal.addEventListener("abort", () => reject(controller.signal.reason))),
      {
        signal: controller.signal,
      },
    );
    const first = keeper.ask(PROJECT, gone.call);
    await until(() => gone.messages.length === 1);
    const next = asking(YES);
    const second = keeper.ask(PROJECT, next.call);
    controller.abort(new Error("the client is gone"));
    await assert.rejects(first, /the client is gone/);
    assert.equal(await second, true);
    assert.equal(next.messages.length, 1);
    const failing = asking(() => Promise.reject(new ToolError("cannot be asked")));
    const other = { kind: "project", id: "/other" };
    assert.equal(await keeper.ask(other, failing.call), false);
    assert.equal(await keeper.ask(other, asking(YES).call), true, "no answer is no refusal");
  });

  test("shows characters that are not seen", async () => {
    await using home = new Home();
    const { call, messages } = asking(NO);
    await home.keeper().ask({ kind: "project", id: '/a\n"\u202E\u200B/b' }, call);
    assert.ok(messages[0]!.includes('"/a\\n\\"\\u{202e}\\u{200b}/b"'), messages[0]);
  });

  test("shows details line by line, with what is not seen in them", async () => {
    await using home = new Home();
    const { call, messages } = asking(NO);
    await home.keeper().ask({ kind: "project", id: "/a", details: ["one", "\ttwo\r\u202E"] }, call);
    assert.ok(messages[0]!.endsWith("\none\n\ttwo\\u{d}\\u{202e}"), messages[0]);
  });

  test("remembers the parts of what one answer is about, each by itself", async () => {
    await using home = new Home();
    const keeper = home.keeper();
    const { call, messages } = asking(YES);
    const part = (id: string) => ({ id, digest: `${id}1`, version: "v1" });
    const whole = { kind: "repository", id: "r", digest: "12", parts: [part("r#a"), part("r#b")] };
    assert.equal(await keeper.ask(whole, call), true);
    assert.equal(messages.length, 1);
    assert.deepEqual((await keeper.list()).map(({ id, digest, version }) => [id, digest, version]), [
      ["r#a", "r#a1", "v1"],
      ["r#b", "r#b1", "v1"],
    ]);
    assert.equal(await keeper.isTrusted({ kind: "repository", id: "r" }), false, "the whole is not");
    assert.equal(await keeper.isTrusted({ ...whole, parts: [part("r#a"), part("r#c")] }), false);
    await keeper.renew({ kind: "repository", id: "r#a", digest: "r#a1", version: "v2" });
    await keeper.renew({ kind: "repository", id: "r#b", digest: "other", version: "v2" });
    await keeper.renew({ kind: "repository", id: "r#c", digest: "r#c1", version: "v2" });
    assert.deepEqual((await keeper.list()).map(({ version }) => version), ["v2", "v1"]);
    assert.equal(await keeper.revoke({ kind: "repository", id: "r", parts: [{ id: "r#a" }] }), true);
    assert.deepEqual((await keeper.list()).map(({ id }) => id), ["r#b"]);
  });
});

describe("onChange()", () => {
  test("tells of changes by this server once, and by others", async () => {
    await using home = new Home();
    const [keeper, other] = [home.keeper(), home.keeper()];
    let calls = 0;
    const stop = keeper.onChange(() => void calls++);
    keeper.onChange(() => {
      throw new Error("no time");
    });
    await keeper.trust(PROJECT);
    assert.equal(calls, 1);
    await other.revoke(PROJECT);
    await until(() => calls === 2, "the change by another");
    await stop();
    await other.trust(PROJECT);
    await until(() => keeper.isTrusted(PROJECT));
    assert.equal(calls, 2);
  });
});

test("projectSubject() names a project by its real path", async () => {
  await using home = new Home();
  symlinkSync(home.path, join(home.path, "link"));
  const files = createFiles(home.path);
  assert.deepEqual(projectSubject(files, join(home.path, "link")).id, home.path);
  assert.deepEqual(projectSubject(files, join(home.path, "x", "..")).id, home.path);
});
