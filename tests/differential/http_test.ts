/**
 * Compares Collet's doors with the SDK's server on generated requests, right and wrong. More of them, or those of a seed
 * that a failure has named:
 *
 * ```sh
 * COLLET_DIFFERENTIAL_RUNS=20000 deno test -A --no-check tests/differential
 * COLLET_DIFFERENTIAL_SEED=-123456 deno test -A --no-check tests/differential
 * ```
 *
 * `oracle.ts` is the SDK's side, `messages.ts`, `changes.ts` and `http_requests.ts` make the requests, `outcome.ts` says
 * what is compared, and `differences.ts` where the two sides are meant to differ.
 *
 * @module
 */
import fc from "fast-check";
import { test } from "node:test";
import { openings, sessionRequests, statelessRequests } from "./http_requests.ts";
import { LEGACY_REVISIONS } from "./messages.ts";
import { check } from "./runs.ts";
import { compare, openDoors, Side } from "./sides.ts";

for (const revision of LEGACY_REVISIONS) {
  test(`sessions of ${revision} are served as the SDK serves them`, async (context) => {
    await using doors = await openDoors();
    const requests = fc.array(sessionRequests(revision), { minLength: 1, maxLength: 5 });
    const property = fc.asyncProperty(requests, async (list) => {
      const [collet, sdk] = [new Side(doors.collet), new Side(doors.sdk)];
      await Promise.all([collet.open(revision), sdk.open(revision)]);
      for (const request of list) await compare(request, { collet, sdk, revision });
      await Promise.all([collet.end(), sdk.end()]);
    });
    await check(context, property, { share: 0.5 });
  });
}

test("sessions are opened as the SDK opens them", async (context) => {
  await using doors = await openDoors();
  const revisions = fc.constantFrom(...LEGACY_REVISIONS, "2026-07-28", "1999-01-01", "2099-01-01", "nonsense", "");
  const property = fc.asyncProperty(openings(revisions), async (request) => {
    const [collet, sdk] = [new Side(doors.collet), new Side(doors.sdk)];
    await compare(request, { collet, sdk });
    await Promise.all([collet.end(), sdk.end()]);
  });
  await check(context, property);
});

test("requests of 2026-07-28 are served as the SDK serves them", async (context) => {
  await using doors = await openDoors();
  const [collet, sdk] = [new Side(doors.collet), new Side(doors.sdk)];
  await check(context, fc.asyncProperty(statelessRequests, (request) => compare(request, { collet, sdk })), {
    share: 2,
  });
});
