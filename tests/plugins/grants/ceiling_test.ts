import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isKernelError } from "../../../kernel/mod.ts";
import {
  type CeilingConfig,
  DEFAULT_CEILING,
  excessOf,
  makeCeiling,
  withLimits,
} from "../../../plugins/grants/ceiling.ts";
import type { Grants } from "../../../plugins/grants/contract.ts";
import { readGrants } from "../../../plugins/grants/shape.ts";
import { freshSeed, seededRandom } from "../../support/random.ts";

const same = (path: string) => path;

describe("readGrants()", () => {
  test("reads all fields, lists sorted and without repetitions", () => {
    assert.deepEqual(
      readGrants({
        network: ["B.example:443", "a.example:80", "[::1]:8080", "b.example:443"],
        read: ["~/x", "/data", "C:\\data", "~"],
        write: undefined,
        env: ["LANG_2", "HTTP_PROXY"],
        secrets: ["SKILLZ_KEY"],
        install_scripts: true,
        memory_mb: 1,
      }),
      {
        network: ["[::1]:8080", "a.example:80", "b.example:443"],
        read: ["/data", "C:\\data", "~", "~/x"],
        env: ["HTTP_PROXY", "LANG_2"],
        secrets: ["SKILLZ_KEY"],
        install_scripts: true,
        memory_mb: 1,
      },
    );
    assert.deepEqual(readGrants(undefined), {});
    assert.deepEqual(readGrants({ network: false }), { network: false });
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["no object", ["network"], /"grants": found \["network"\], expected an object/],
    [
      "an unknown field",
      { netwrk: true },
      /"grants.netwrk": there is no such grant; there are network, read.*did you mean "network"/,
    ],
    ["a text for a list", { read: "/data" }, /"grants.read": found "\/data", expected a list of absolute paths/],
    ["a yes for a list", { secrets: true }, /"grants.secrets": found true, expected a list of names of secrets/],
    ["a number in a list", { env: [1] }, /"grants.env": 1 is no text/],
    [
      "a host without a port",
      { network: ["a.example"] },
      /"a.example" is no "host:port"; expected true, false or a list/,
    ],
    ["a port that is none", { network: ["a.example:70000"] }, /"a.example:70000" is no "host:port"/],
    ["an address of the web", { network: ["https://a.example:443"] }, /is no "host:port"/],
    ["any host", { network: ["*:443"] }, /is no "host:port"/],
    ["a relative path", { read: ["data"] }, /"data" is no absolute path/],
    ["an empty path", { write: [""] }, /"" is no absolute path/],
    ["the home of another", { read: ["~other/x"] }, /is no absolute path/],
    ["a path that goes up", { read: ["/data/../etc"] }, /goes up with "\.\."/],
    ["a path that goes up on Windows", { read: ["C:\\data\\..\\etc"] }, /goes up with "\.\."/],
    ["a line break in a path", { read: ["/data\n- nothing else"] }, /characters that are not seen/],
    ["a path that is shown from right to left", { read: ["/data/\u202Etxt.exe"] }, /characters that are not seen/],
    ["a NUL character", { read: ["/data\0"] }, /characters that are not seen/],
    ["any secret", { secrets: ["*"] }, /"\*" is no name/],
    [
      "a secret by a variable",
      { env: ["COLLET_SECRET_KEY"] },
      /belongs to the server; a secret is asked for by "secrets"/,
    ],
    ["a secret of skillz by a variable", { env: ["SKILLZ_KEY"] }, /belongs to the server/],
    ["the token of the server", { env: ["COLLET_TOKEN"] }, /belongs to the server/],
    ["a fraction", { memory_mb: 1.5 }, /"grants.memory_mb": found 1.5, expected a whole number from 1/],
    ["nothing", { processes: 0 }, /"grants.processes": found 0/],
    ["no limit", { timeout_ms: Infinity }, /"grants.timeout_ms"/],
    ["a text for a flag", { install_scripts: "yes" }, /"grants.install_scripts": found "yes", expected true or false/],
    ["more than a list holds", { secrets: Array(201).fill("A") }, /more than 200 items/],
    ["a field of all objects", JSON.parse('{"__proto__":true}'), /"grants.__proto__": there is no such grant/],
  ];
  for (const [what, given, message] of wrong) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readGrants(given), (thrown: Error) => {
        assert.equal(thrown.name, "ToolError");
        assert.match(thrown.message, message);
        return true;
      });
    });
  }
});

describe("excessOf()", () => {
  const config: CeilingConfig = {
    network: ["api.example.com:443", "*.Example.org:443", "local.example:*", "*:53", "[::1]:80"],
    read: ["/data", "/"],
    write: ["/data/out"],
    env: ["HTTP_*", "TZ"],
    secrets: ["SKILLZ_*"],
    memory_mb: 2_048,
  };
  const ceiling = makeCeiling({ ...config, read: ["/data"] }, same);
  const within: readonly Grants[] = [
    {},
    { network: false },
    { network: [] },
    {
      network: [
        "api.example.com:443",
        "a.example.org:443",
        "a.b.example.org:443",
        "local.example:9",
        "any.where:53",
        "[::1]:80",
      ],
    },
    { read: ["/data", "/data/x/y"], write: ["/data/out"] },
    { env: ["HTTP_PROXY", "TZ"], secrets: ["SKILLZ_", "SKILLZ_KEY"] },
    { memory_mb: 2_048, cpu_seconds: 300, timeout_ms: 86_400_000, processes: 64 },
    { install_scripts: false },
  ];
  for (const asked of within) {
    test(`of ${JSON.stringify(asked)} is nothing`, () => assert.deepEqual(excessOf(asked, ceiling), {}));
  }
  const beyond: readonly Grants[] = [
    { network: true },
    { network: ["example.org:443"] },
    { network: ["notexample.org:443"] },
    { network: ["api.example.com:80"] },
    { network: ["api.example.com.evil.example:443"] },
    { read: ["/"] },
    { read: ["/database"] },
    { read: ["/dat"] },
    { write: ["/data"] },
    { write: ["/data/outer"] },
    { env: ["TZ2"] },
    { env: ["HTTP"] },
    { secrets: ["OPENAI_KEY"] },
    { memory_mb: 2_049 },
    { processes: 65 },
    { direct_dependencies: true },
    { install_scripts: true },
  ];
  for (const asked of beyond) {
    test(`of ${JSON.stringify(asked)} is all of it`, () => assert.deepEqual(excessOf(asked, ceiling), asked));
  }

  test("is what exceeds alone", () => {
    assert.deepEqual(
      excessOf({ read: ["/data/x", "/etc"], secrets: ["SKILLZ_A", "B"], memory_mb: 1, processes: 100 }, ceiling),
      { read: ["/etc"], secrets: ["B"], processes: 100 },
    );
  });

  test("is nothing of what the root allows", () => {
    assert.deepEqual(excessOf({ read: ["/etc/passwd", "/"] }, makeCeiling(config, same)), {});
  });

  test("of folders of Windows goes by their own separator", () => {
    const windows = makeCeiling({ read: ["C:\\data"] }, same);
    assert.deepEqual(excessOf({ read: ["C:\\data\\x", "C:\\database"] }, windows), { read: ["C:\\database"] });
  });

  test("is nothing where a ceiling is raised by the excess, whatever was asked", () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    const some = <T>(items: readonly T[]): T[] => items.filter(() => random() < 0.4);
    for (let i = 0; i < 500; i++) {
      const make = (): Grants => ({
        network: random() < 0.2 ? random() < 0.5 : some(["a.example:1", "b.example:2", "c.example:3"]),
        read: some(["/a", "/a/b", "/ab", "/c"]),
        write: some(["/a", "/a/b", "/ab", "/c"]),
        env: some(["A", "AB", "B"]),
        secrets: some(["A", "AB", "B"]),
        memory_mb: 1 + Math.floor(random() * 4_096),
        install_scripts: random() < 0.5,
      });
      const [asked, config] = [make(), make()];
      const excess = excessOf(asked, makeCeiling(config, same));
      const raised = Object.entries(excess).map(([field, value]) => {
        const now = config[field as keyof Grants];
        return [field, Array.isArray(value) && Array.isArray(now) ? [...now, ...value] : value];
      });
      const higher = makeCeiling({ ...config, ...Object.fromEntries(raised) }, same);
      assert.deepEqual(excessOf(asked, higher), {}, `seed ${seed}: ${JSON.stringify({ asked, config })}`);
      // the other way round: nothing that is told to exceed is below the ceiling
      assert.deepEqual(excessOf(excess, makeCeiling(config, same)), excess, `seed ${seed}`);
    }
  });
});

describe("makeCeiling()", () => {
  test("without a word is the default: nothing that reaches out", () => {
    assert.deepEqual(makeCeiling({}, same), DEFAULT_CEILING);
    assert.deepEqual(makeCeiling({ network: undefined }, same), DEFAULT_CEILING);
  });

  const wrong: readonly (readonly [CeilingConfig, RegExp])[] = [
    [{ network: ["a.example"] }, /"ceiling.network": "a.example" is no "host:port"/],
    [{ network: ["a.*.example:443"] }, /"ceiling.network"/],
    [{ read: ["data"] }, /"ceiling.read": "data" is no absolute path/],
    [{ write: ["/data/../etc"] }, /"ceiling.write": .* goes up/],
    [{ secrets: ["A*B"] }, /"ceiling.secrets": "A\*B" is no name/],
    [{ env: [""] }, /"ceiling.env": "" is no name/],
  ];
  for (const [config, message] of wrong) {
    test(`refuses ${JSON.stringify(config)}`, () => {
      assert.throws(() => makeCeiling(config, same), (thrown) => {
        assert.ok(isKernelError(thrown) && thrown.code === "CONFIG_INVALID");
        assert.match(thrown.message, message);
        return true;
      });
    });
  }
});

describe("withLimits()", () => {
  test("gives the limits of the ceiling to who names none", () => {
    assert.deepEqual(withLimits({}, DEFAULT_CEILING), { memory_mb: 1_024, cpu_seconds: 300, processes: 64 });
    assert.deepEqual(withLimits({ memory_mb: 8, timeout_ms: 5 }, DEFAULT_CEILING), {
      memory_mb: 8,
      cpu_seconds: 300,
      processes: 64,
      timeout_ms: 5,
    });
  });

  test("shortens the usual time where the ceiling is lower", () => {
    assert.equal(withLimits({}, makeCeiling({ timeout_ms: 10_000 }, same)).timeout_ms, 10_000);
  });
});
