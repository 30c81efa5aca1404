import assert from "node:assert/strict";
import { appendFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sha256 } from "../../../kernel/mod.ts";
import { until } from "../../support/wait.ts";
import { temporaryHome } from "../library/kit.ts";
import { dataOf, ECHO, fail, onlyText, printing, startWasm, succeed, type WasmKit } from "./kit.ts";

type Json = Readonly<Record<string, unknown>>;

async function manifestOf(folder: string): Promise<Json> {
  return JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
}

async function changeManifest(folder: string, change: (manifest: Json) => Json): Promise<void> {
  await writeFile(join(folder, "manifest.json"), JSON.stringify(change(await manifestOf(folder))));
}

/** Builds tools in a home, changes what lies there, and starts again on it. */
async function afterwards(
  tools: Readonly<Record<string, string>>,
  { change, use }: {
    readonly change: (folder: (name: string) => string) => Promise<void>;
    readonly use: (kit: WasmKit) => Promise<void>;
  },
): Promise<void> {
  await using home = await temporaryHome();
  {
    await using kit = await startWasm({ home: home.path });
    for (const [name, code] of Object.entries(tools)) await kit.build({ name, code });
  }
  await change((name) => join(home.path, "tools", name));
  await using kit = await startWasm({ home: home.path });
  await use(kit);
}

describe("a WASM tool in a folder", () => {
  test("is compiled at its first call when there is only its source", () =>
    afterwards({ say: printing("one") }, {
      change: (folder) => rm(join(folder("say"), "say.wasm")),
      use: async (kit) => assert.equal(succeed(await kit.call("say")), "one"),
    }));

  test("is compiled anew when its source was edited", () =>
    afterwards({ say: printing("one") }, {
      change: (folder) => writeFile(join(folder("say"), "src.wat"), printing("two")),
      use: async (kit) => assert.equal(succeed(await kit.call("say")), "two"),
    }));

  test("fails with what the compiler says when its edited source does not compile", () =>
    afterwards({ say: printing("one") }, {
      change: (folder) => writeFile(join(folder("say"), "src.wat"), "(module\n  (bogus))"),
      use: async (kit) => assert.match(fail(await kit.call("say")), /src\.wat:2:\d+: error/),
    }));

  test("runs the module that somebody put in the place of its own", () =>
    afterwards({ say: printing("one"), other: printing("other") }, {
      change: (folder) => cp(join(folder("other"), "other.wasm"), join(folder("say"), "say.wasm")),
      use: async (kit) => assert.equal(succeed(await kit.call("say")), "other"),
    }));

  test("runs its own module whatever digest its manifest claims", () =>
    afterwards({ say: printing("one"), other: printing("other") }, {
      change: async (folder) => {
        const { build } = await manifestOf(folder("other"));
        await changeManifest(folder("say"), (manifest) => ({ ...manifest, build }));
      },
      use: async (kit) => {
        assert.equal(succeed(await kit.call("other")), "other");
        assert.equal(succeed(await kit.call("say")), "one");
      },
    }));

  test("is not built anew for what an editor or a system leaves beside its files", async () => {
    await using home = await temporaryHome();
    const tool = {
      name: "say",
      code: 'import { text } from "./text.ts";\nexport default (): string => text;\n',
      files: { "text.ts": 'export const text = "one";\n' },
      overwrite: true,
    };
    await using kit = await startWasm({ home: home.path });
    await kit.build(tool);
    for (const file of [".DS_Store", ".text.ts.swp", "text.ts~"]) {
      await writeFile(join(home.path, "tools/say/src", file), new Uint8Array([0, 255]));
    }
    assert.equal(dataOf(await kit.build(tool))["unchanged"], true);
    assert.equal(succeed(await kit.call("say")), "one");
  });

  test("is told to be broken when there is neither module nor source", () =>
    afterwards({ say: printing("one") }, {
      change: async (folder) => {
        for (const file of ["say.wasm", "src.wat"]) await rm(join(folder("say"), file));
      },
      use: (kit) => {
        assert.match(JSON.stringify(kit.log.entries), /\\"say\\" is broken: its file \\"say\.wasm\\" is missing/);
        return Promise.resolve();
      },
    }));

  const DAMAGED: readonly (readonly [what: string, bytes: Uint8Array, why: RegExp])[] = [
    ["no module", new TextEncoder().encode("hello"), /Cannot run "say": its file "say\.wasm" cannot be run: /],
    ["empty", new Uint8Array(), /the file is empty/],
    ["cut off", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 9]), /cannot be run/],
  ];
  for (const [what, bytes, why] of DAMAGED) {
    test(`fails with the reason when its file is ${what}`, () =>
      afterwards({ say: printing("one") }, {
        change: (folder) => writeFile(join(folder("say"), "say.wasm"), bytes),
        use: async (kit) => assert.match(fail(await kit.call("say")), why),
      }));
  }

  test("runs as it was built when its source was edited and its compiler is not there", async () => {
    await using home = await temporaryHome();
    {
      await using kit = await startWasm({ home: home.path });
      await kit.build({ name: "say", code: printing("one") });
    }
    const folder = join(home.path, "tools/say");
    // AssemblyScript comes from npm, and nothing here installs that
    await rm(join(folder, "src.wat"));
    await writeFile(join(folder, "src.as.ts"), 'console.log("two");\n');
    await changeManifest(folder, (manifest) => ({ ...manifest, language: "assemblyscript" }));
    await using kit = await startWasm({ home: home.path });
    assert.equal(succeed(await kit.call("say")), "one");
    await rm(join(folder, "say.wasm"));
    await using again = await startWasm({ home: home.path });
    assert.match(fail(await again.call("say")), /from assemblyscript: its compiler comes from npm/);
  });

  test("runs as skillz left it: without language, format and record", async () => {
    await using home = await temporaryHome();
    await using other = await startWasm();
    await other.build({ name: "say", code: printing("hello from skillz") });
    const folder = join(home.path, "tools/say");
    await mkdir(folder, { recursive: true });
    await cp(join(other.home, "tools/say/say.wasm"), join(folder, "say.wasm"));
    await writeFile(join(folder, "src.rs"), 'fn main() { println!("hello from skillz"); }');
    await writeFile(
      join(folder, "manifest.json"),
      JSON.stringify({
        ...{ name: "say", version: "1.0.0", description: "Say", tool_type: "wasm", input_schema: { type: "" } },
        wasm_dependencies: [],
      }),
    );
    await using kit = await startWasm({ home: home.path });
    assert.equal(succeed(await kit.call("call_tool", { tool_name: "say", arguments: {} })), "hello from skillz");
  });
});

describe("versions of a WASM tool", () => {
  test("go back, each with its own module and record", async () => {
    await using kit = await startWasm();
    await kit.build({ name: "say", code: printing("one") });
    await kit.build({ name: "say", code: printing("two"), overwrite: true });
    const back = await kit.call("version", { action: "rollback", tool_name: "say", version: "1.0.0" });
    succeed(back);
    assert.equal(succeed(await kit.call("say")), "one");
    const folder = join(kit.home, "tools/say");
    const { build, version } = await manifestOf(folder);
    assert.equal(version, "1.0.2");
    assert.equal((build as Json)["digest"], await sha256(await readFile(join(folder, "say.wasm"))));
    assert.equal((build as Json)["compiler"], "wabt 1.0.39");
    assert.equal(await readFile(join(folder, "src.wat"), "utf8"), printing("one"));
  });

  test("are called by their numbers", async () => {
    await using kit = await startWasm();
    await kit.build({ name: "say", code: printing("one") });
    await kit.build({ name: "say", code: printing("two"), overwrite: true });
    const call = (version: string) => kit.call("call_tool", { tool_name: "say", version, arguments: {} });
    assert.deepEqual([onlyText(await call("1.0.0")), onlyText(await call("1.0.1"))], ["one", "two"]);
  });

  test("of an edited source are rebuilt when they are written anew, and the record is true", async () => {
    await using kit = await startWasm();
    await kit.build({ name: "say", code: printing("one") });
    const folder = join(kit.home, "tools/say");
    await writeFile(join(folder, "src.wat"), printing("edited"));
    succeed(await kit.call("version", { action: "rollback", tool_name: "say", version: "1.0.0" }));
    assert.equal(succeed(await kit.call("say")), "edited");
    const { build } = await manifestOf(folder);
    assert.equal((build as Json)["digest"], await sha256(await readFile(join(folder, "say.wasm"))));
  });
});

describe("hot reload of a WASM tool", () => {
  test("takes over an edited source, a replaced module and a new folder", async () => {
    await using kit = await startWasm({ library: { hot_reload: true } });
    await kit.build({ name: "say", code: printing("one") });
    await kit.build({ name: "echo", code: ECHO });
    assert.equal(succeed(await kit.call("say")), "one");
    const folder = join(kit.home, "tools/say");
    await writeFile(join(folder, "src.wat"), printing("two"));
    await until(async () => onlyText(await kit.call("say")) === "two", "the edited source");
    await cp(join(kit.home, "tools/echo/echo.wasm"), join(folder, "say.wasm"));
    await until(async () => onlyText(await kit.call("say", { a: 1 })) === '{"a":1}', "the replaced module");
    await appendFile(join(kit.home, "tools/echo/src.wat"), ";; nothing\n");
    assert.deepEqual((await kit.call("echo", { b: 1 })).structuredContent, { b: 1 });
  });
});
