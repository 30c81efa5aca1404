/**
 * OAuth with a certified authorization server.
 */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { AuthorizationNeeded } from "../../../../plugins/upstream/connection/auth/authorization.ts";
import { soon } from "../../../support/wait.ts";
import { browse } from "./browser.ts";
import { addressTarget, type ConnectionKit, connectionKit } from "./kit.ts";
import { HAND_MADE, startOAuth } from "./oauth_server.ts";

describe("OAuth", () => {
  test("a person agrees once; the token is kept for its owner alone, and renewed", async () => {
    await using servers = await startOAuth();
    await using kit = await connectionKit();
    const target = addressTarget(servers.url);
    const needed = await neededFor(kit, target);
    assert.match(needed.message, /Open this address in a browser/);
    assert.equal((await neededFor(kit, target)).url, needed.url);
    const { searchParams } = new URL(needed.url);
    assert.equal(searchParams.get("code_challenge_method"), "S256");
    assert.equal(searchParams.get("resource"), servers.url);

    const redirect = searchParams.get("redirect_uri")!;
    assert.match(redirect, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const forged = await fetch(`${redirect}?code=stolen&state=${"0".repeat(64)}`);
    assert.equal(forged.status, 400);
    await forged.body?.cancel();
    assert.match(await browse(needed.url), /Thank you/);
    await soon(needed.done);

    await using opened = await kit.open(target);
    assert.equal(await opened.text("echo", { text: "in" }), "in");
    const path = join(kit.home, "upstream", "auth", "test.json");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.match(await readFile(path, "utf8"), /refresh_token/);
    // whoever waited for the answer is gone
    await assert.rejects(fetch(redirect));

    servers.expire();
    const texts = Array.from({ length: 10 }, (_, i) => `call ${i}`);
    assert.deepEqual(await Promise.all(texts.map((text) => opened.text("echo", { text }))), texts);
    assert.deepEqual(servers.grants, ["authorization_code", "refresh_token"]);
  });

  test("tokens of one address are not sent to another", async () => {
    await using servers = await startOAuth();
    await using kit = await connectionKit();
    const kept = { serverUrl: "https://other.example/mcp", tokens: { access_token: "other", token_type: "Bearer" } };
    await kit.files.writeAtomic("upstream/auth/test.json", JSON.stringify(kept));
    await neededFor(kit, addressTarget(servers.url));
  });

  test("a person who refuses is told so", async () => {
    await using servers = await startOAuth();
    await using kit = await connectionKit();
    const needed = await neededFor(kit, addressTarget(servers.url));
    const { searchParams } = new URL(needed.url);
    const query = new URLSearchParams({ error: "access_denied", state: searchParams.get("state")! });
    const [answer] = await Promise.all([
      fetch(`${searchParams.get("redirect_uri")}?${query}`),
      assert.rejects(soon(needed.done), /refused: access_denied/),
    ]);
    assert.match(await answer.text(), /refused/);
    assert.notEqual((await neededFor(kit, addressTarget(servers.url))).url, needed.url);
  });

  test("a program with credentials of its own needs nobody, and asks for more where that is wanted", async () => {
    await using servers = await startOAuth();
    await using kit = await connectionKit({ OAUTH_SECRET: HAND_MADE.client_secret });
    const target = addressTarget(servers.url, {
      auth: { kind: "client_credentials", clientId: HAND_MADE.client_id, clientSecret: "${secret:OAUTH_SECRET}" },
    });
    await using opened = await kit.open(target);
    assert.equal(await opened.text("echo", { text: "in" }), "in");
    servers.want("admin");
    assert.equal(await opened.text("echo", { text: "more" }), "more");
    assert.deepEqual(servers.grants, ["client_credentials", "client_credentials"]);
    assert.ok(
      !(await readFile(join(kit.home, "upstream", "auth", "test.json"), "utf8")).includes(HAND_MADE.client_secret),
    );
  });

  test("a token or header that is refused says where to look", async () => {
    await using servers = await startOAuth();
    await using kit = await connectionKit({ TOKEN: "wrong" });
    const bearer = addressTarget(servers.url, { auth: { kind: "bearer", token: "${secret:TOKEN}" } });
    await assert.rejects(kit.open(bearer), /HTTP 401; check its "headers" or "auth"/);
    const header = addressTarget(servers.url, { headers: { Authorization: "Bearer wrong" } });
    await assert.rejects(kit.open(header), /HTTP 401; check its "headers" or "auth"/);
  });
});

async function neededFor(
  kit: ConnectionKit,
  target: Parameters<ConnectionKit["open"]>[0],
): Promise<AuthorizationNeeded> {
  const thrown: unknown = await kit.open(target).catch((error) => error);
  assert.ok(thrown instanceof AuthorizationNeeded, String(thrown));
  return thrown;
}
