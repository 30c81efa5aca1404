import fc from "fast-check";
import { test } from "node:test";
import { listen } from "../support/listen.ts";
import { sessionRequests, statelessRequests } from "./http_requests.ts";
import { check } from "./runs.ts";
import { compare, openDoors, Side } from "./sides.ts";

test("requests over a socket are served as the SDK serves them", async (context) => {
  await using doors = await openDoors();
  await using ours = await listen(doors.collet);
  await using theirs = await listen(doors.sdk);
  const [stateless, revision] = [new Side(fetch, theirs.url), "2025-11-25"];
  const collet = new Side(fetch, ours.url);
  const property = fc.asyncProperty(
    statelessRequests,
    fc.array(sessionRequests(revision), { minLength: 1, maxLength: 3 }),
    async (request, list) => {
      await compare(request, { collet, sdk: stateless });
      const [one, other] = [new Side(fetch, ours.url), new Side(fetch, theirs.url)];
      await Promise.all([one.open(revision), other.open(revision)]);
      for (const it of list) await compare(it, { collet: one, sdk: other, revision });
      await Promise.all([one.end(), other.end()]);
    },
  );
  await check(context, property, { share: 0.1 });
});
