/** The parts of supervision that go by numbers: pauses, the cap, what is kept of stderr. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Breaker } from "../../../../plugins/upstream/supervisor/breaker.ts";
import { SUPERVISOR_LIMITS } from "../../../../plugins/upstream/supervisor/limits.ts";
import { StderrRing } from "../../../../plugins/upstream/supervisor/stderr_ring.ts";

describe("Breaker", () => {
  test("doubles its pauses within the window, with up to a quarter off, and breaks after so many failures", () => {
    const breaker = new Breaker(SUPERVISOR_LIMITS, () => 0.5);
    const pauses = [0, 1, 2, 3].map((now) => {
      breaker.fail(now);
      return breaker.pause(now)!.until - now;
    });
    assert.deepEqual(pauses, [438, 875, 1750, 3500]);
    breaker.fail(4);
    assert.deepEqual(breaker.pause(4), { kind: "broken", until: 60_004 });
    assert.equal(breaker.pause(60_004), undefined);
    breaker.reset();
    breaker.fail(5);
    assert.equal(breaker.pause(5)?.kind, "backing-off");
  });

  test("is broken exactly when as many failures as it takes are in the window", () => {
    const gaps = fc.array(fc.nat(200_000), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(gaps, fc.double({ min: 0, max: 1, noNaN: true }), (gaps, random) => {
      const breaker = new Breaker(SUPERVISOR_LIMITS, () => random);
      const failures: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        failures.push(now);
        breaker.fail(now);
        const recent = failures.filter((at) => now - at < SUPERVISOR_LIMITS.failureWindowMs).length;
        const pause = breaker.pause(now)!;
        assert.equal(pause.kind, recent >= SUPERVISOR_LIMITS.failures ? "broken" : "backing-off");
        const longest = SUPERVISOR_LIMITS.backoffMs * 2 ** (recent - 1);
        if (pause.kind === "backing-off") {
          assert.ok(pause.until - now >= longest * 0.75 - 1 && pause.until - now <= longest);
        }
      }
    }));
  });
});

describe("StderrRing", () => {
  test("keeps whole lines however they come in pieces, the last of them, within both bounds", () => {
    const line = fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, "x"));
    fc.assert(fc.property(fc.array(line, { maxLength: 50 }), fc.infiniteStream(fc.nat(20)), (lines, sizes) => {
      const ring = new StderrRing({ logLines: 10, logCharacters: 100 });
      let text = lines.map((it) => `${it}\r\n`).join("");
      while (text !== "") {
        const size = sizes.next().value ?? 1;
        ring.write(text.slice(0, size));
        text = text.slice(size);
      }
      const kept = ring.tail(1000);
      assert.deepEqual(kept, lines.slice(lines.length - kept.length));
      const characters = kept.join("").length;
      assert.ok(kept.length <= 10 && characters <= 100);
      const next = lines[lines.length - kept.length - 1];
      assert.ok(next === undefined || kept.length === 10 || characters + next.length > 100, "no more than it has to");
    }));
  });

  test("keeps a line that has not ended, cuts one that is too long, and tells a few", () => {
    const ring = new StderrRing(SUPERVISOR_LIMITS);
    ring.write("a\nb\nbegun");
    assert.deepEqual([ring.tail(2), ring.tail(0)], [["b", "begun"], []]);
    for (let i = 0; i < 100; i++) ring.write("x".repeat(1_000));
    ring.write("\n");
    assert.deepEqual(ring.tail(1).map((it) => it.length), [4_096]);
    ring.write("half");
    ring.mark("ended");
    assert.match(ring.tail(2).join("|"), /^half\|--- \d{4}-.* ended$/);
  });
});
