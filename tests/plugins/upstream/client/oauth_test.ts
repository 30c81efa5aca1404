/**
 * A server that wants to know who asks, behind the program: the user is sent to its page, and the call goes on.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { readFile, rm, stat } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf, type ToolResult } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { ERAS, type HttpServer, Machine, type TestEra } from "../../skills/proof/kit.ts";
import { browse } from "../connection/browser.ts";
import { type OAuthServers, startOAuth } from "../connection/oauth_server.ts";

/** A client whose user opens pages, or does not. */
class Person implements AsyncDisposable {
  /** What the user was asked to open. */
  readonly pages: string[] = [];
  readonly #client: Client;

  private constructor(era: TestEra, answer: "accept" | "decline" | undefined) {
    this.#client = new Client({ name: "person", version: "1.0.0" }, {
      capabilities: { elicitation: { form: {}, ...(answer !== undefined && { url: {} }) } },
      versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
    });
    this.#client.setRequestHandler("elicitation/create", ({ params }) => {
      if (params.mode !== "url") return { action: "accept", content: { decision: "trust" } };
      this.pages.push(params.url);
      if (answer === "accept") void browse(params.url);
      return { action: answer ?? "cancel" };
    });
  }

  static async at(
    server: HttpServer,
    { era = "2025", answer }: { readonly era?: TestEra; readonly answer?: "accept" | "decline" } = {},
  ): Promise<Person> {
    const person = new Person(era, answer);
    await person.#client.connect(new StreamableHTTPClientTransport(server.url));
    return person;
  }

  async call(name: string, args: JsonObject = {}): Promise<ToolResult> {
    return await this.#client.callTool({ name, arguments: args }) as unknown as ToolResult;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }
}

describe("a server that wants to know who asks", () => {
  let machine: Machine;
  let server: HttpServer;
  let guarded: OAuthServers;
  const tokens = () => machine.at("home/upstream/auth/vault.json");

  before(async () => {
    machine = await Machine.make();
    guarded = await startOAuth();
    server = await machine.serve();
  });

  after(async () => {
    await server?.stop();
    await guarded?.[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
    await removeBundle();
  });

  const entry = () => ({ name: "vault", url: guarded.url, auth: { type: "oauth" } });

  test("is told by its address to who cannot open it or does not want to, and nothing is kept", async () => {
    for (const answer of [undefined, "decline"] as const) {
      await using person = await Person.at(server, { ...(answer && { answer }) });
      const result = await person.call("import_mcp", entry());
      assert.equal(result.isError, true);
      const [, url] = /agree, and call again: (\S+)$/.exec(textOf(result)) ?? [];
      assert.ok(URL.canParse(url ?? ""), textOf(result));
      assert.deepEqual(person.pages, answer === undefined ? [] : [url]);
      assert.doesNotMatch(textOf(await person.call("mcp_servers", { action: "list" })), /vault/);
    }
  });

  for (const era of ERAS) {
    test(`is imported and called once the user agreed, by the same calls; removal forgets the tokens (${era})`, async () => {
      await using person = await Person.at(server, { era, answer: "accept" });
      const imported = await person.call("import_mcp", entry());
      assert.notEqual(imported.isError, true, textOf(imported));
      assert.equal(person.pages.length, 1);
      assert.equal((await stat(tokens())).mode & 0o777, 0o600);
      assert.match(await readFile(tokens(), "utf8"), /access_token/);
      const echoed = await person.call("vault_echo", { text: "in" });
      assert.equal(textOf(echoed), "in");

      // a token that is refused is renewed without anybody
      guarded.expire();
      assert.equal(textOf(await person.call("vault_echo", { text: "renewed" })), "renewed");
      assert.equal(person.pages.length, 1);
      // and asked for in the middle of a call where it cannot be
      await rm(tokens());
      guarded.expire();
      assert.equal(textOf(await person.call("vault_echo", { text: "again" })), "again");
      assert.equal(person.pages.length, 2);

      const removed = await person.call("mcp_servers", { action: "remove", name: "vault" });
      assert.notEqual(removed.isError, true, textOf(removed));
      await until(() => stat(tokens()).then(() => false, () => true), "the tokens to be gone");
    });
  }
});
