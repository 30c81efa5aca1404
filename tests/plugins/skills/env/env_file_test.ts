import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isToolError } from "../../../../kernel/mod.ts";
import { memoryFiles } from "../../../../kernel/testing.ts";
import { EnvFile, readSkillEnv } from "../../../../plugins/skills/env/env_file.ts";
import { isEnvFile } from "../../../../plugins/skills/env/env_names.ts";

function valuesOf(text: string): Record<string, string> {
  return EnvFile.parse(text).values();
}

function afterSet(text: string, values: Record<string, string>): string {
  const file = EnvFile.parse(text);
  file.set(values);
  return file.toString();
}

describe("EnvFile.values()", () => {
  const cases: readonly (readonly [string, string, Record<string, string>])[] = [
    ["export, spaces and comments", "# a\n export  A = b c # d\nB=#x\nC= # d\n", { A: "b c", B: "#x", C: "" }],
    ["quotes and their escapes", `A='a\\'b\\n'\nB="a\\"b\\n\\\\"\n`, { A: "a'b\\n", B: 'a"b\n\\' }],
    ["values of many lines", `A="1\r\n2"\nB='3\n4' # c\n`, { A: "1\n2", B: "3\n4" }],
    ["names without a sign as none", "A\nexport B\nC=\n", { C: "" }],
    ["the last value of a name", "A=1\nA=2\n", { A: "2" }],
    ["a byte order mark as nothing", "\ufeffA=1", { A: "1" }],
    ["a quote that nothing closes as no entry", "A='x\nB=2\n", { B: "2" }],
    ["what follows a quoted value as no entry", "A='x'y\nB=2\n", { B: "2" }],
    ["references and defaults", "A=1\nB=${A}-${X:-d e}-${Y}\nC='${A}'\nD=${A:x}\n", {
      ...{ A: "1", B: "1-d e-", C: "1", D: "${A:x}" },
    }],
  ];
  for (const [name, text, expected] of cases) {
    test(`EnvFile.values() reads ${name}`, () => assert.deepEqual(valuesOf(text), expected));
  }

  test("EnvFile.values() looks names up that are not in the file, and those in the file never", () => {
    const file = EnvFile.parse("A=1\nB=${A}${HOME}${NONE:-x}\n");
    assert.equal(file.values((name) => name === "NONE" ? undefined : `<${name}>`)["B"], "1<HOME>x");
  });

  test("EnvFile.values() refuses values that grow without end, and never hangs", () => {
    const lines = Array.from({ length: 60 }, (_, i) => `A${i + 1}=\${A${i}}\${A${i}}`);
    assert.throws(() => valuesOf(["A0=xxxxxxxx", ...lines].join("\n")), isToolError);
    const hostile = ["${".repeat(300_000), "${:".repeat(300_000), " ".repeat(900_000) + "x", "# ".repeat(400_000)];
    for (const text of hostile) assert.equal(Object.keys(valuesOf(`A=${text}\nB=1`)).includes("B"), true);
    assert.deepEqual(valuesOf(`A='${"\\".repeat(900_000)}`), {});
  });

  test("EnvFile.values() keeps names that objects have already", () => {
    const values = valuesOf("__proto__=1\nconstructor=2\n");
    assert.deepEqual(Object.entries(values), [["__proto__", "1"], ["constructor", "2"]]);
  });
});

describe("EnvFile.set()", () => {
  const text = "# keys\r\nexport A = 'one'   # first\r\n\r\nB=2\r\nB=3\r\n# end";

  test("EnvFile.set() changes the values alone, the last of those that are twice there", () => {
    assert.equal(
      afterSet(text, { A: "it's", B: "b c" }),
      `# keys\r\nexport A = "it's"   # first\r\n\r\nB=2\r\nB='b c'\r\n# end`,
    );
  });

  test("EnvFile.set() appends on lines of their own, in the order given, with the file's line ends", () => {
    assert.equal(afterSet(text, { Z: "1", Y: "" }), `${text}\r\nZ=1\r\nY=\r\n`);
    assert.equal(afterSet("", { A: "1" }), "A=1\n");
  });

  test("EnvFile.set() keeps a comment apart from the value", () => {
    assert.equal(afterSet("A= # c\n", { A: "1" }), "A= 1 # c\n");
    assert.equal(afterSet("A='x'#c\n", { A: "1" }), "A=1 #c\n");
    assert.equal(afterSet("A=x #c\n", { A: "" }), "A='' #c\n");
    assert.equal(afterSet("export A # c\n", { A: "1" }), "export A=1 # c\n");
  });

  test("EnvFile.set() lets no value be more than a value", () => {
    const values = {
      A: "x\nEVIL=1",
      B: "'\nEVIL=1\n'",
      C: '"\r\nEVIL=1',
      D: "x # y",
      E: "${A}${X:-1}",
      F: " x ",
      G: "\\",
    };
    const written = afterSet("", values);
    assert.deepEqual(valuesOf(written), values);
    assert.deepEqual(EnvFile.parse(written).keys(), Object.keys(values));
  });

  test("EnvFile.set() refuses what is no name or no value, and changes nothing then", () => {
    const file = EnvFile.parse("A=1\n");
    for (const key of ["", "1A", "A B", "A=B", "A\nB", "A-B", "É", "A\n"]) {
      assert.throws(() => file.set({ A: "2", [key]: "x" }), isToolError, key);
    }
    assert.throws(() => file.set({ A: "a\0b" }), isToolError);
    assert.throws(() => file.set({ A: "a\ud800b" }), isToolError);
    assert.equal(file.toString(), "A=1\n");
  });

  test("EnvFile.set() refuses to write what an open quote would swallow, and names its line", () => {
    const broken = "\nA='open\nB=2\n";
    const file = EnvFile.parse(broken);
    file.set({ B: "3" });
    assert.throws(() => file.set({ C: "it is" }), /line 2 of the file/);
    assert.equal(file.toString(), "\nA='open\nB=3\n");
  });
});

describe("EnvFile.delete(), keys() and clear()", () => {
  test("EnvFile.delete() removes every line of a name, counts names, and keeps all else", () => {
    const file = EnvFile.parse("# a\n\n  A=1 # x\nB='1\n2'\n\nA=3\n# end");
    assert.equal(file.delete(["A", "A", "NONE"]), 1);
    assert.equal(file.toString(), "# a\n\nB='1\n2'\n\n# end");
    assert.equal(file.delete(["A"]), 0);
    assert.equal(file.delete(["B"]), 1);
    assert.equal(file.toString(), "# a\n\n\n# end");
  });

  test("EnvFile.keys() sorts the names that have a value", () => {
    assert.deepEqual(EnvFile.parse("b=1\nC\na=\nB=2\nb=3\n").keys(), ["B", "a", "b"]);
  });

  test("EnvFile.clear() leaves nothing", () => {
    const file = EnvFile.parse("# a\nA=1\n");
    file.clear();
    assert.equal(file.toString(), "");
  });
});

describe("readSkillEnv()", () => {
  test("readSkillEnv() gives the variables, and none for a skill without a file or with a folder of its name", async () => {
    const files = memoryFiles({ "a/.env": "A=${B:-1}\n", "b/x": "", "c/.env/bin": "" });
    assert.deepEqual(await readSkillEnv(files.at("a")), { A: "1" });
    assert.deepEqual(await readSkillEnv(files.at("a"), () => "2"), { A: "2" });
    assert.deepEqual(await readSkillEnv(files.at("b")), {});
    assert.deepEqual(await readSkillEnv(files.at("c")), {});
  });

  test("readSkillEnv() refuses what is no UTF-8 or too large", async () => {
    const files = memoryFiles({ "a/.env": new Uint8Array([65, 61, 255]), "b/.env": "#".repeat(1_000_001) });
    await assert.rejects(readSkillEnv(files.at("a")), /not UTF-8/);
    await assert.rejects(readSkillEnv(files.at("b")), /1000001 bytes/);
  });
});

test("isEnvFile() knows files of secrets whatever their name is written like, and no others", () => {
  const secret = [
    ".env",
    ".ENV",
    ".env.local",
    ".Env.Production",
    "a/b/.env",
    "./.env",
    ".env/x",
    ".env~",
    "..env.swp",
  ];
  const tricks = [
    ".env.",
    ".env ",
    ".e\u200cnv",
    ".\u00adenv",
    "\uff0eenv",
    ".\uff45nv",
    "\u2024env",
    ".env.example.bak",
  ];
  for (const path of [...secret, ...tricks, "a\\.env", ".env-prod", ".env:stream"]) assert.ok(isEnvFile(path), path);
  const plain = [
    ".env.example",
    ".ENV.Sample",
    "x/.env.template",
    "env",
    "a.env",
    ".envrc",
    "environment.md",
    ".environ",
  ];
  for (const path of plain) assert.ok(!isEnvFile(path), path);
});
