import assert from "node:assert/strict";
import { test } from "node:test";
import { readCompose } from "../../../plugins/services/compose/compose.ts";

test("a port that is no port is refused without being taken apart for long", async () => {
  const text = JSON.stringify({ services: { db: { image: "redis", ports: ["1".repeat(300_000)] } } });
  const begun = performance.now();
  await assert.rejects(readCompose(text, { variables: {}, folder: undefined, only: undefined }), /Cannot use port/);
  assert.ok(performance.now() - begun < 5_000);
});
