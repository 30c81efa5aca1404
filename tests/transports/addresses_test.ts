import assert from "node:assert/strict";
import { test } from "node:test";
import { assertServed } from "../proof/clients.ts";
import { RawConnection } from "../proof/http_wire.ts";
import { listen } from "../support/listen.ts";
import { small } from "../support/plugins.ts";
import { serveApp } from "../support/served.ts";
import * as v from "valibot";

const echo = small("echo", {
  setup: ({ tool }) => {
    const input = v.object({ value: v.string() });
    tool({ name: "echo", description: "Echo", input, run: ({ value }) => ({ value }) });
  },
});
const ANSWER_MS = 10_000;

for (const address of ["http://[/mcp", "http://a:99999/mcp", "//[/mcp", "/mcp%", "http://%/mcp"]) {
  test(`a request for ${address} is refused as the client's fault, and the next one is served`, async () => {
    await using served = await serveApp([echo]);
    await using server = await listen(served.app);
    const port = Number(new URL(server.url).port);
    using connection = await RawConnection.open(port);
    const head = ["host: localhost", "connection: close", "content-type: application/json", "content-length: 2"];
    connection.write(new TextEncoder().encode(`POST ${address} HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n{}`));
    await connection.wait(ANSWER_MS, ([first]) => first !== undefined);
    const [response] = connection.responses();
    assert.ok(response !== undefined && response.status >= 400 && response.status < 500, String(response?.status));
    await assertServed(port);
  });
}
