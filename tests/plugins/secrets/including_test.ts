/**
 * Values of one run, which are redacted beside the secrets of the server.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createCall, Kernel } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { redactionOf, Secrets } from "../../../plugins/secrets/contract.ts";
import secrets from "../../../plugins/secrets/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { toolPlugin } from "../../support/plugins.ts";
import { until } from "../../support/wait.ts";

const SECRET = "secret-of-the-server";
const OWN = { TOKEN: "token-of-the-run", SHORT: "1234567", SAME: SECRET };

async function start() {
  const platform = createEdgePlatform({ variables: { COLLET_SECRET_KEY: SECRET } });
  return await new Kernel().use(platform).use(secrets).start();
}

describe("Secrets.including", () => {
  test("redacts values by their names and secrets by theirs, in all that is shown", async () => {
    await using kernel = await start();
    const redaction = kernel.get(Secrets)!.including(OWN);
    assert.equal(redaction.redact(`${OWN.TOKEN} ${btoa(OWN.TOKEN)} ${SECRET}`), "[TOKEN] [TOKEN] [KEY]");
    assert.deepEqual(redaction.redactValue({ a: [OWN.TOKEN], [SECRET]: 1 }), { a: ["[TOKEN]"], "[KEY]": 1 });
    const stream = redaction.stream();
    assert.equal(stream.push("a token-of-") + stream.push("the-run b") + stream.end(), "a [TOKEN] b");
    const said: unknown[] = [];
    const call = redaction.guard(createCall({
      log: (_level, message, data) => Promise.resolve(void said.push(message, data)),
      progress: (_done, _total, message) => Promise.resolve(void said.push(message)),
    }));
    await call.log("info", OWN.TOKEN, { key: SECRET });
    await call.progress(1, undefined, OWN.TOKEN);
    assert.deepEqual(said, ["[TOKEN]", { key: "[KEY]" }, "[TOKEN]"]);
  });

  test("leaves values of fewer than 8 characters, and those of others", async () => {
    await using kernel = await start();
    const shown = kernel.get(Secrets)!;
    assert.equal(shown.including(OWN).redact("1234567 12345678"), "1234567 12345678");
    assert.equal(shown.redact(OWN.TOKEN), OWN.TOKEN);
    assert.equal(shown.including({ OTHER: "other-of-the-run" }).redact(OWN.TOKEN), OWN.TOKEN);
    assert.equal(shown.including({}).redact(SECRET), "[KEY]");
  });

  test("knows secrets that come later", async () => {
    await using home = await temporaryFolder();
    const file = join(home.path, "secrets.json");
    const write = (value: string) => writeFileSync(file, JSON.stringify({ KEY: value }), { mode: 0o600 });
    write(SECRET);
    const platform = await detectPlatform({ home: home.path });
    await using kernel = await new Kernel().use(platform).use(secrets).use(toolPlugin("echo", () => "")).start();
    const redaction = kernel.get(Secrets)!.including(OWN);
    assert.equal(redaction.redact(SECRET), "[KEY]");
    write("another-of-the-server");
    await until(async () => {
      await kernel.call("echo", {});
      return redaction.redact("another-of-the-server") === "[KEY]";
    }, "the secret that came later");
    assert.equal(redaction.redact(`${SECRET} ${OWN.TOKEN}`), "[KEY] [TOKEN]");
  });
});

test("redactionOf redacts values where no secrets are kept", () => {
  assert.equal(redactionOf(OWN).redact(`${OWN.TOKEN} 1234567 ${SECRET}`), "[TOKEN] 1234567 [SAME]");
  assert.equal(redactionOf({}).redact(OWN.TOKEN), OWN.TOKEN);
});
