import assert from "node:assert/strict";
import { test } from "node:test";
import { JSON_HEADERS, sessionHeaders, statelessHeaders } from "./http_requests.ts";
import { type Loose, MODERN_REVISION, modernMessage } from "./messages.ts";
import { openDoors, Side } from "./sides.ts";

const LISTS = {
  "tools/list": "tools",
  "prompts/list": "prompts",
  "resources/list": "resources",
  "resources/templates/list": "resourceTemplates",
};

/** Follows the cursors of a list to its end; gives the keys of the entries, page by page. */
async function pagesOf(side: Side, method: keyof typeof LISTS, revision: string): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const params = cursor === undefined ? {} : { cursor };
    const isModern = revision === MODERN_REVISION;
    const body = isModern ? modernMessage({ method, params }, 2) : { jsonrpc: "2.0", id: 2, method, params };
    const headers = isModern ? statelessHeaders(body) : { ...JSON_HEADERS, ...sessionHeaders(revision) };
    const { result } = await side.answer({ method: "POST", headers, body });
    pages.push(result[LISTS[method]].map((it: Loose) => it.name + (it.uri ?? it.uriTemplate ?? "")));
    cursor = result.nextCursor;
  }
  return pages;
}

for (const revision of ["2025-11-25", MODERN_REVISION]) {
  test(`long lists of ${revision} have the pages that the SDK gives them`, async () => {
    await using doors = await openDoors({ many: 1_100 });
    const [collet, sdk] = [new Side(doors.collet), new Side(doors.sdk)];
    if (revision !== MODERN_REVISION) await Promise.all([collet.open(revision), sdk.open(revision)]);
    for (const method of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
      const [ours, theirs] = [await pagesOf(collet, method, revision), await pagesOf(sdk, method, revision)];
      assert.ok(ours.length > 2, `${method} has ${ours.length} pages`);
      assert.deepEqual(ours, theirs, method);
    }
  });
}
