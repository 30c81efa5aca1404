import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { UpstreamDefinition } from "../../../../plugins/upstream/definition.ts";
import { readEntry } from "../../../../plugins/upstream/definitions/entry.ts";
import { fillReferences, literal, referencesOf } from "../../../../plugins/upstream/definitions/references.ts";

const VARIABLES: Readonly<Record<string, string>> = { HOST: "api.example.com", EMPTY: "", DIR: "/srv/data" };
const SECRETS: Readonly<Record<string, string>> = { TOKEN: "s3cret-value", CLIENT: "client-secret" };

function fill(definition: UpstreamDefinition) {
  return fillReferences(definition, {
    variable: (name) => VARIABLES[name],
    reveal: (names) => Object.fromEntries(names.map((name) => [name, SECRETS[name]!])),
  });
}

function read(entry: unknown): Promise<UpstreamDefinition> {
  return readEntry(entry, { name: "files", origin: "collet.json", isOurs: true });
}

describe("references", () => {
  test("are filled in wherever a program is described, and its secrets are told", async () => {
    const filled = fill(
      await read({
        command: "${DIR}/serve",
        args: ["${HOST}", "--at=${ABSENT:-here}:${env:DIR}", "$${HOST}", "$HOME", "${EMPTY:-full}"],
        env: { TOKEN: "Bearer ${secret:TOKEN}" },
        cwd: "/srv/${HOST}",
      }),
    );
    assert.deepEqual(filled.definition.target, {
      kind: "stdio",
      command: "/srv/data/serve",
      args: ["api.example.com", "--at=here:/srv/data", "${HOST}", "$HOME", "full"],
      env: { TOKEN: "Bearer s3cret-value" },
      cwd: "/srv/api.example.com",
    });
    assert.deepEqual(filled.secrets, { TOKEN: "s3cret-value" });
  });

  test("are filled in in addresses, headers and what one says who one is by", async () => {
    const filled = fill(
      await read({
        url: "https://${HOST}/mcp",
        headers: { "X-Key": "${secret:TOKEN}" },
        auth: { type: "client_credentials", client_id: "${HOST}", client_secret: "${secret:CLIENT}" },
      }),
    );
    assert.deepEqual(filled.definition.target, {
      kind: "http",
      url: "https://api.example.com/mcp",
      headers: { "X-Key": "s3cret-value" },
      transport: "auto",
      auth: { kind: "client_credentials", clientId: "api.example.com", clientSecret: "client-secret" },
    });
    assert.deepEqual(filled.secrets, { CLIENT: "client-secret", TOKEN: "s3cret-value" });
  });

  test("are listed by kind, sorted, each once", async () => {
    const definition = await read({
      command: "serve",
      args: ["${B}", "${env:A}", "${B:-x}"],
      env: { X: "${secret:Z}${secret:Y}" },
    });
    assert.deepEqual(referencesOf(definition), { secrets: ["Y", "Z"], variables: ["A", "B"] });
  });

  test("that nothing stands behind are refused when they are read, or when they are filled in", async () => {
    await assert.rejects(read({ command: "x", args: ["${input:token}"] }), /nobody is there to be asked.*secret:NAME/);
    await assert.rejects(read({ command: "x", args: ["${workspaceFolder.x}"] }), /expected \$\{NAME\}.*"\$\$\{"/);
    for (const seen of [{ args: ["--key=${secret:K}"] }, { cwd: "/srv/${secret:K}" }]) {
      await assert.rejects(read({ command: "x", ...seen }), /"\$\{secret:K\}" stands in its command line.*under "env"/);
    }
    const missing = await read({ command: "x", args: ["${ABSENT}"] });
    assert.throws(() => fill(missing), /variable "ABSENT" is not set; set it where this server is started/);
    const noAddress = await read({ url: "${DIR}/mcp" });
    assert.throws(() => fill(noAddress), /with its variables filled in, its "url" is no http or https address/);
  });

  test("literal() leaves no reference in a text", async () => {
    const text = "${HOST} $${x} ${secret:A} $HOME {}";
    const definition = await read({ command: "x", args: [literal(text)] });
    assert.deepEqual(referencesOf(definition), { secrets: [], variables: [] });
    const { target } = fill(definition).definition;
    assert.equal(target.kind === "stdio" && target.args[0], text);
  });
});
