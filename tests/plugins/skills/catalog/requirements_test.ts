import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeRefusals, Requirements } from "../../../../plugins/skills/catalog/requirements.ts";
import { SkillMetadata, type SkillMetadataFields } from "../../../../plugins/skills/format/metadata.ts";

/** The programs, variables, secrets and tools of a place; its operating system is Linux. */
interface Place {
  readonly programs?: string[];
  readonly variables?: Record<string, string>;
  readonly secrets?: readonly string[];
  readonly tools?: readonly string[];
  readonly products?: readonly string[];
}

function requirementsOf(
  { programs = [], variables = {}, secrets = [], tools = [], products }: Place = {},
): Requirements {
  return new Requirements({
    environment: { os: "linux", variable: (name) => variables[name] },
    processes: { which: (program) => Promise.resolve(programs.includes(program) ? `/bin/${program}` : undefined) },
    secrets: { names: () => secrets },
    hasTool: (name) => tools.includes(name),
    products,
  });
}

function skill(fields: Partial<SkillMetadataFields>): SkillMetadata {
  return new SkillMetadata({ name: "deploy", ...fields });
}

/** A skill with what OpenClaw calls requirements. */
function requiring(requires: Record<string, string[]>, lines: Record<string, number> = {}): SkillMetadata {
  return skill({ metadata: { openclaw: { requires } }, lines });
}

describe("Requirements.check()", () => {
  const rules: readonly [
    rule: string,
    needed: SkillMetadata,
    met: readonly Place[],
    unmet: readonly Place[],
    message: RegExp,
  ][] = [
    [
      "products",
      skill({ policy: { products: ["Maya", "houdini"] } }),
      [{}, { products: ["maya"] }, { products: ["x", "HOUDINI"] }],
      [{ products: ["collet"] }, { products: [] }],
      /Skill "deploy" is for "Maya", "houdini", and this server is for/,
    ],
    [
      "os",
      skill({ metadata: { openclaw: { os: ["darwin", "win32"] } } }),
      [],
      [{}],
      /is for "darwin", "win32", and this is "linux"/,
    ],
    [
      "env",
      requiring({ env: ["DEPLOY_KEY"] }),
      [{ variables: { DEPLOY_KEY: "x" } }, { secrets: ["DEPLOY_KEY"] }],
      [{}, { variables: { DEPLOY_KEY: "" } }, { secrets: ["OTHER"] }],
      /needs the variable "DEPLOY_KEY", which is not set/,
    ],
    [
      "bin",
      requiring({ bins: ["git", "jq"] }),
      [{ programs: ["git", "jq"] }],
      [{ programs: ["git"] }],
      /the program "jq"/,
    ],
    [
      "bin",
      requiring({ anyBins: ["rg", "grep"] }),
      [{ programs: ["grep"] }],
      [{ programs: ["ls"] }],
      /needs one of the programs "rg", "grep"/,
    ],
    [
      "external-dep",
      skill({ externalDeps: [{ type: "mcp", value: "github", description: "issues" }] }),
      [{ tools: ["github"] }],
      [{}],
      /needs the tool or MCP server "github" \(issues\), which is not there/,
    ],
    [
      "external-dep",
      skill({ externalDeps: [{ type: "env_var", value: "KEY" }] }),
      [{ variables: { KEY: "x" } }, { secrets: ["KEY"] }],
      [{}],
      /needs the variable "KEY"/,
    ],
    [
      "external-dep",
      skill({ externalDeps: [{ type: "bin", value: "git" }] }),
      [{ programs: ["git"] }],
      [{}],
      /needs the program "git"/,
    ],
  ];
  for (const [rule, needed, met, unmet, message] of rules) {
    test(`refuses by ${rule} where ${message.source.slice(0, 40)}`, async () => {
      for (const place of met) assert.deepEqual(await requirementsOf(place).check(needed), []);
      for (const place of unmet) {
        const [refusal, ...others] = await requirementsOf(place).check(needed);
        assert.deepEqual(others, []);
        assert.equal(refusal?.rule, rule);
        assert.match(refusal.message, message);
        assert.notEqual(refusal.remedy, "");
      }
    });
  }

  test("knows operating systems by their other names", async () => {
    for (const name of ["linux", "Linux"]) {
      assert.deepEqual(await requirementsOf().check(skill({ metadata: { openclaw: { os: [name] } } })), []);
    }
    const mac = new Requirements({ environment: { os: "darwin", variable: () => undefined } });
    for (const name of ["macos", "darwin", "osx"]) {
      assert.deepEqual(await mac.check(skill({ metadata: { openclaw: { os: [name] } } })), []);
    }
    const windows = new Requirements({ environment: { os: "windows", variable: () => undefined } });
    assert.deepEqual(await windows.check(skill({ metadata: { openclaw: { os: ["win32"] } } })), []);
  });

  test("asks for implicit invocation only where a model chose", async () => {
    const both = [
      skill({ disableModelInvocation: true }),
      skill({ policy: { products: [], allowImplicitInvocation: false } }),
    ];
    for (const needed of both) {
      assert.deepEqual(await requirementsOf().check(needed), []);
      const [refusal] = await requirementsOf().check(needed, { isImplicit: true });
      assert.equal(refusal?.rule, "implicit-invocation");
    }
  });

  test("tells of everything at once, with the lines where it is written", async () => {
    const needed = new SkillMetadata({
      name: "deploy",
      policy: { products: ["maya"] },
      metadata: { openclaw: { os: ["darwin"], requires: { env: ["A", "B"], bins: ["git"], anyBins: ["x"] } } },
      externalDeps: [{ type: "mcp", value: "github", transport: "stdio", command: "github-mcp" }],
      lines: {
        "name": 2,
        "metadata.openclaw.os": 5,
        "metadata.openclaw.requires.env": 6,
        "metadata.openclaw.requires.bins": 7,
        "metadata.openclaw.requires.anyBins": 8,
        "metadata.dcc-mcp.products": 9,
        "metadata.dcc-mcp.external_deps": 10,
      },
    });
    const refusals = await requirementsOf({ products: ["collet"] }).check(needed);
    assert.deepEqual(refusals.map(({ rule, file, line }) => `${rule} ${file}:${line}`), [
      "products SKILL.md:9",
      "os SKILL.md:5",
      "env SKILL.md:6",
      "env SKILL.md:6",
      "bin SKILL.md:7",
      "bin SKILL.md:8",
      "external-dep SKILL.md:10",
    ]);
    const text = describeRefusals(refusals);
    assert.match(
      text,
      /needs the variable "B", which is not set \(rule "env", SKILL\.md:6\)\. Set it in the environment/,
    );
    assert.match(text, /Add an MCP server of the name "github": stdio github-mcp/);
  });

  test("sees what changes: a variable at once, a program that was not there at once", async () => {
    const programs: string[] = [];
    const variables: Record<string, string> = {};
    const requirements = requirementsOf({ programs, variables });
    const needed = requiring({ env: ["KEY"], bins: ["git"] });
    assert.equal((await requirements.check(needed)).length, 2);
    programs.push("git");
    variables["KEY"] = "x";
    assert.deepEqual(await requirements.check(needed), []);
    delete variables["KEY"];
    assert.deepEqual((await requirements.check(needed)).map(({ rule }) => rule), ["env"]);
  });

  test("looks for a program by its name alone", async () => {
    const asked: string[] = [];
    const requirements = new Requirements({
      environment: { os: "linux", variable: () => undefined },
      processes: {
        which: (program) => {
          asked.push(program);
          return Promise.resolve("/found");
        },
      },
    });
    const refusals = await requirements.check(requiring({ bins: ["../../etc/passwd", "/bin/sh", "a\\b", "", "git"] }));
    assert.equal(refusals.length, 4);
    assert.deepEqual(asked, ["git"]);
  });

  test("finds no program where there are no processes", async () => {
    const requirements = new Requirements({ environment: { os: "other", variable: () => undefined } });
    assert.equal((await requirements.check(requiring({ bins: ["git"] }))).length, 1);
  });

  test("costs nothing for a skill that requires nothing", async () => {
    const requirements = requirementsOf({ products: ["collet"] });
    assert.equal(await requirements.check(skill({})), await requirements.check(skill({})));
  });
});
