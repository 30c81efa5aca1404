/**
 * Rust, compiled by the cargo and rustc of this machine in the sandbox, and run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { CompileFailure, MissingToolchain, type Source } from "../../../plugins/wasm/build/compiler.ts";
import { RustCompiler } from "../../../plugins/wasm/build/rust/mod.ts";
import { processesWith } from "../../support/process_list.ts";
import { until } from "../../support/wait.ts";
import { greetingOf, isThere, type NativeKit, offline, reaching, readmeExample, startNative } from "./native_kit.ts";
import { compileOptions, failureOf, runBytes, sourceOf } from "./toolchain_kit.ts";

const CRATES = ["itoa@1", "paste@1"];

let kit: NativeKit;
let compiler: RustCompiler;

/** Writes a tool that needs {@linkcode CRATES}; a macro of one of them makes a name. */
function withCrates(word: string, more: Partial<Source> = {}): Source {
  const code = `paste::paste! { fn [<say_ ${word}>]() -> String { itoa::Buffer::new().format(42u8).to_string() } }
fn main() { println!("${word} {}", say_${word}()); }
`;
  return sourceOf("rust", code, { dependencies: CRATES, ...more });
}

/** Compiles, and tells what was compiled. */
async function compile(source: Source) {
  const options = compileOptions();
  const compiled = await compiler.compile(source, options);
  const names = Array.from(
    kit.commands.said.get(options.signal)!.matchAll(/^\s*Compiling (\S+)/gm),
    ([, name]) => name,
  );
  return { ...compiled, names };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => assert.fail("it was not refused"), (it) => it);
  assert.ok(isToolError(error), String(error?.stack ?? error));
  return error.message;
}

/** Gives the only set of crates in the home that has a crate of this name. */
async function setWith(name: string): Promise<string> {
  const root = join(kit.home, "cache/wasm/rust");
  for (const key of await readdir(root)) {
    const crates = await readdir(join(root, key, "crates")).catch(() => []);
    if (crates.some((it) => it.startsWith(`${name}-`))) return join(root, key);
  }
  return assert.fail(`there is no set with "${name}"`);
}

async function isConfined(t: TestContext): Promise<boolean> {
  if (await kit.sandbox.mechanism() !== undefined) return true;
  t.skip("nothing confines processes here");
  return false;
}

describe("RustCompiler", () => {
  before(async () => {
    kit = await startNative();
    compiler = new RustCompiler(kit);
  });
  after(() => kit[Symbol.asyncDispose]());

  test("a tool of several files is compiled and run, and its warnings are told", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const code = `mod greeting;
use std::io::Read;
fn main() {
    let unused = 1;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    println!("{} {} {}", greeting::hello(), text.len(), std::env::args().nth(1).unwrap());
    print!("{}", include_str!("data/words.txt"));
    eprintln!("said");
    std::process::exit(3);
}
`;
    const files = { "greeting.rs": 'pub fn hello() -> &\'static str { "hé" }\n', "data/words.txt": "these words" };
    const { artifact, warnings, lock, names } = await compile(sourceOf("rust", code, { files }));
    assert.deepEqual([names, lock, artifact.kind], [["collet_tool", "tool"], undefined, "module"]);
    const { severity, file, line, column, message } = warnings[0]!;
    assert.deepEqual([warnings.length, severity, file, line, column], [1, "warning", "src.rs", 4, 9]);
    assert.match(message, /unused variable: `unused`/);
    const ran = runBytes(artifact.bytes, { stdin: "é".repeat(100), args: ["x"] });
    assert.deepEqual(ran, { code: 3, stdout: "hé 200 x\nthese words", stderr: "said\n" });
  });

  test("equal sources give equal modules, and the next tool compiles nothing but itself", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const code = 'fn main() { panic!("no"); }';
    const [first, second] = [await compile(sourceOf("rust", code)), await compile(sourceOf("rust", code))];
    assert.deepEqual(second.names, ["tool"]);
    assert.deepEqual(second.artifact.bytes, first.artifact.bytes);
    assert.throws(() => runBytes(first.artifact.bytes), /unreachable/);
    assert.ok(new TextDecoder("latin1").decode(first.artifact.bytes).includes("src.rs"), "the place is not told");
  });

  test("a tool talks to the server by collet_tool", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const code = `use collet_tool::{call_tool, input, json, log, memory, progress};
fn main() {
    let input = input();
    log("info", "a \\"b\\"\\n\\u{1}");
    progress(1.0, Some(2.0), "half");
    let value = memory::get("k").unwrap().unwrap();
    let keys = memory::list("").unwrap();
    let sum = memory::increment("n", 2.0).unwrap();
    memory::set_for("k", "[1]", 60.0).unwrap();
    let error = call_tool("other", "{}").unwrap_err();
    let items = json::items(json::member(&input, "list").unwrap()).len();
    println!("{}|{}|{:?}|{}|{} {}|{}", json::text(&input, "näme").unwrap(), value, keys, sum, error.code, error, items);
}
`;
    const { artifact } = await compile(sourceOf("rust", code));
    const seen: unknown[] = [];
    const replies: Readonly<Record<string, unknown>> = {
      "memory/get": { result: { value: { a: [1, "}"] } } },
      "memory/list": { result: { keys: ["a", 'b"\\ü'] } },
      "memory/increment": { result: { value: 7 } },
      "tools/call": { error: { code: -32602, message: 'There is no tool "other"' } },
    };
    const stdin = JSON.stringify({ list: [1, [2, 3], { a: "," }], other: { näme: "no" }, "näme": "Adé 😀\n" })
      .replace("😀", "\\ud83d\\ude00");
    const { stdout } = runBytes(artifact.bytes, {
      stdin,
      reply: (message) => {
        seen.push(message);
        return replies[(message as { method: string }).method];
      },
    });
    assert.equal(
      stdout,
      'Adé 😀\n|{"a":[1,"}"]}|["a", "b\\"\\\\ü"]|7|-32602 There is no tool "other"|3\n',
    );
    assert.deepEqual(seen, [
      { method: "log", params: { level: "info", message: 'a "b"\n\u0001' } },
      { method: "progress", params: { current: 1, total: 2, message: "half" } },
      { method: "memory/get", params: { key: "k" } },
      { method: "memory/list", params: { prefix: "" } },
      { method: "memory/increment", params: { key: "n", by: 2 } },
      { method: "memory/set", params: { key: "k", value: [1], ttl: 60 } },
      { method: "tools/call", params: { name: "other", arguments: {} } },
    ]);
  });

  test("the example of the README greets and counts", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const { artifact } = await compile(sourceOf("rust", await readmeExample("rust")));
    greetingOf(artifact.bytes);
  });

  test("what does not compile is told with file, line and code, and without folders of this machine", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const code = 'mod util;\nfn main() {\n    let x: i32 = "a";\n    util::go();\n}\n';
    const files = { "util.rs": "pub fn go() {\n    missing();\n}\n" };
    const { diagnostics, output } = await failureOf(compiler, sourceOf("rust", code, { files }));
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(errors.map(({ file, line, column, code }) => [file, line, column, code]).sort(), [
      ["src.rs", 3, 18, "E0308"],
      ["util.rs", 2, 5, "E0425"],
    ]);
    assert.match(errors.map(({ message }) => message).join(), /expected `i32`, found `&(?:'static )?str`/);
    assert.match(output, /src\.rs:3:18/);
    assert.ok(!output.includes(kit.home) && !output.includes("/build"), output);
  });

  test("the code sees nothing of this machine while it is compiled", async (t) => {
    if (!await isThere(t, compiler, "rust") || !await isConfined(t)) return;
    await writeFile(join(kit.home, "secret.txt"), "a secret");
    process.env["COLLET_TEST_SECRET"] = "a secret";
    try {
      const path = JSON.stringify(join(kit.home, "secret.txt"));
      const reading = await failureOf(compiler, sourceOf("rust", `fn main() { print!("{}", include_str!(${path})); }`));
      assert.match(reading.diagnostics[0]!.message, /couldn't read/);
      const code = 'fn main() { print!("{:?} {}", option_env!("COLLET_TEST_SECRET"), include_str!("/etc/passwd")); }';
      const { artifact } = await compile(sourceOf("rust", code));
      const { stdout } = runBytes(artifact.bytes);
      assert.match(stdout, /^None tool:x:1000:/);
      assert.ok(!stdout.includes("root"), stdout);
    } finally {
      delete process.env["COLLET_TEST_SECRET"];
    }
  });

  test("crates are compiled once for all tools that have the same, and the lock keeps their versions", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    kit.commands.steps.length = 0;
    const first = await reaching(t, () => compile(withCrates("one")));
    if (first === undefined) return;
    assert.deepEqual([...first.names].sort(), ["collet_tool", "itoa", "paste", "tool"]);
    assert.equal(runBytes(first.artifact.bytes).stdout, "one 42\n");
    assert.match(first.lock!, /name = "itoa"\nversion = "1\.[\d.]+"\nsource = "registry\+/);
    // code of crates runs in the last step alone
    const steps = kit.commands.steps.map(({ name, network }) => `${name} ${network === true}`);
    assert.deepEqual([...new Set(steps)].sort(), ["cargo build false", "cargo vendor true"]);

    kit.commands.steps.length = 0;
    const [second, third] = await Promise.all([
      compile(withCrates("two")),
      compile(withCrates("three", { lock: first.lock })),
    ]);
    assert.deepEqual([second.names, third.names], [["tool"], ["tool"]]);
    assert.deepEqual([second.lock, third.lock], [first.lock, first.lock]);
    assert.deepEqual(kit.commands.steps.map(({ name }) => name), ["cargo build", "cargo build"]);
    const said = [second, third].map(({ artifact }) => runBytes(artifact.bytes).stdout);
    assert.deepEqual(said, ["two 42\n", "three 42\n"]);
    const left = await readdir(await setWith("itoa"));
    assert.ok(!left.includes("project"), `a tool is left in ${left}`);
  });

  test("a lock that has other crates, or comes from elsewhere, is refused", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const first = await reaching(t, () => compile(withCrates("one")));
    if (first === undefined) return;
    const other = withCrates("one", { dependencies: ["itoa@1", "ryu@1"], lock: first.lock });
    assert.match(await refusalOf(compiler.compile(other, compileOptions())), /has no "ryu"/);
    const changed = first.lock!.replace(/checksum = "[0-9a-f]{4}/, 'checksum = "0000');
    const refusal = await refusalOf(compiler.compile(withCrates("one", { lock: changed }), compileOptions()));
    assert.match(refusal, /checksum for `\w+ v[\d.]+` changed|does not fit/);
    const elsewhere = first.lock!.replace("registry+https://github.com", "git+https://example.com");
    assert.throws(() => compiler.check(withCrates("one", { lock: elsewhere })), /not of the registry/);
  });

  test("build scripts reach neither the network nor files of this machine", async (t) => {
    if (!await isThere(t, compiler, "rust") || !await isConfined(t)) return;
    if (await reaching(t, () => compile(withCrates("one"))) === undefined) return;
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    await writeFile(join(kit.home, "secret.txt"), "a secret");
    // what is kept of a crate is changed to what a wicked one would be
    const set = await setWith("paste");
    const crate = join(set, "crates", (await readdir(join(set, "crates"))).find((it) => it.startsWith("paste-"))!);
    const sums = JSON.parse(await readFile(join(crate, ".cargo-checksum.json"), "utf8"));
    await writeFile(join(crate, ".cargo-checksum.json"), JSON.stringify({ ...sums, files: {} }));
    const script = `fn main() {
    let own = env!("CARGO_MANIFEST_DIR");
    panic!("connected {} read {} changed {}",
        std::net::TcpStream::connect("127.0.0.1:${port}").is_ok(),
        std::fs::read(${JSON.stringify(join(kit.home, "secret.txt"))}).is_ok(),
        std::fs::write(format!("{}/x", own), "x").is_ok());
}
`;
    await writeFile(join(crate, "build.rs"), script);
    await rm(join(set, "target"), { recursive: true });
    try {
      const { output } = await failureOf(compiler, withCrates("four"));
      assert.match(output, /connected false read false changed false/);
      assert.equal(connections, 0);
    } finally {
      server.close();
      await rm(set, { recursive: true });
    }
  });

  test("versions are those that the compiler can compile, where others demand newer ones too", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    // a release of serde itself says that it needs no more than the one before, and the one of its macros does
    const source = withCrates("one", { dependencies: ["serde@1[derive]", "itoa"], code: "fn main() {}" });
    kit.commands.answer = ({ name }) => name === "cargo build" ? { code: 0, stdout: "", stderr: "" } : undefined;
    try {
      const refusal = await reaching(t, () => refusalOf(compiler.compile(source, compileOptions())));
      if (refusal === undefined) return;
      assert.match(refusal, /built no module/);
      const set = await setWith("serde_derive");
      const { version } = (await compiler.find({ language: "rust" }, compileOptions())).rustc;
      for (const path of await readdir(join(set, "crates"))) {
        const text = await readFile(join(set, "crates", path, "Cargo.toml"), "utf8");
        const minor = Number(/^rust-version = "1\.(\d+)/m.exec(text)?.[1] ?? 0);
        assert.ok(minor <= version[1], `${path} needs Rust 1.${minor}`);
      }
    } finally {
      kit.commands.answer = () => undefined;
    }
  });

  test("a crate that there is not is told in cargo's words", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const source = withCrates("one", { dependencies: ["collet-has-no-such-crate"] });
    const refusal = await reaching(t, () => refusalOf(compiler.compile(source, compileOptions())));
    if (refusal === undefined) return;
    assert.match(refusal, /no matching package named `collet-has-no-such-crate` found/);
    assert.ok(!refusal.includes(kit.home), refusal);
  });

  test("offline nothing is fetched, and that is told", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const own = new RustCompiler({ ...kit, commands: offline(kit) });
    const source = withCrates("one", { dependencies: ["hex@0.4.2"] });
    assert.match(await refusalOf(own.compile(source, compileOptions())), /This server is offline/);
  });

  test("cancellation ends all that was started, and the next tool is compiled", async (t) => {
    if (!await isThere(t, compiler, "rust")) return;
    const lines = Array.from(
      { length: 8_000 },
      (_, i) => `fn f${i}(s: &str) -> String { format!("{} {} ${i}", s, s) }`,
    );
    const calls = Array.from({ length: 8_000 }, (_, i) => `t += f${i}("x").len();`);
    const code = `${lines.join("\n")}\nfn main() { let mut t = 0; ${calls.join("\n")} println!("{}", t); }\n`;
    const controller = new AbortController();
    const reason = new Error("no longer wanted");
    const options = compileOptions(controller.signal);
    const compiling = compiler.compile(sourceOf("rust", code), options);
    compiling.catch(() => {});
    const isCompiling = (line: string) => line.startsWith("Compiling tool");
    await until(() => options.lines.some(isCompiling), "the compiler");
    controller.abort(reason);
    await assert.rejects(compiling, (error) => error === reason);
    assert.deepEqual(await processesWith(kit.home), []);
    const { artifact } = await compile(sourceOf("rust", 'fn main() { print!("next"); }'));
    assert.equal(runBytes(artifact.bytes).stdout, "next");
  });

  test("files that cargo would heed, or never see, are refused", () => {
    for (const path of ["Cargo.toml", "build.rs", ".cargo/config.toml", "rust-toolchain.toml", "src.rs"]) {
      const source = sourceOf("rust", "fn main() {}", { files: { [path]: "" } });
      assert.throws(() => compiler.check(source), (error) => isToolError(error) && error.message.includes(`"${path}"`));
    }
  });
});

describe("RustToolchains", () => {
  test("what is missing is told with what there is, and what installs it", async (t) => {
    await using own = await startNative();
    own.commands.answer = ({ args }) => {
      const isTrial = args.includes("--target");
      return isTrial ? { code: 1, stdout: "", stderr: "error[E0463]: can't find crate for `std`\n" } : undefined;
    };
    const rust = new RustCompiler(own);
    const error = await rust.find({ language: "rust" }, compileOptions()).then(() => assert.fail(), (it) => it);
    assert.ok(error instanceof MissingToolchain, String(error));
    t.diagnostic(`${error.message}: ${error.commands.join("; ")}`);
    assert.match(error.message, /^(?:rustc \d[\w.-]+ has no wasm32-wasip1(?:; )?)+$|^no compiler was found$/);
    assert.match(error.commands.join("\n"), /rustup target add wasm32-wasip1/);
  });

  test("where there is one old cargo alone, crates are fetched by it", async (t) => {
    const home = { userHome: "/nonexistent", variable: (name: string) => name === "PATH" ? "/usr/bin" : undefined };
    await using own = await startNative();
    const rust = new RustCompiler({ ...own, environment: { ...own.environment, ...home, variables: () => ({}) } });
    if (!await isThere(t, rust, "rust")) return;
    const { fetcher } = await rust.find({ language: "rust" }, compileOptions());
    t.diagnostic(fetcher.text.trim());
    const code = 'fn main() { print!("{}", itoa::Buffer::new().format(42u8)); }';
    const source = sourceOf("rust", code, { dependencies: ["itoa@1"] });
    const compiled = await reaching(t, () => rust.compile(source, compileOptions()));
    if (compiled !== undefined) assert.equal(runBytes(compiled.artifact.bytes).stdout, "42");
  });

  test("where nothing confines, modules have no folder of this machine in them", async (t) => {
    await using own = await startNative({ sandbox: "off" });
    const rust = new RustCompiler(own);
    if (!await isThere(t, rust, "rust")) return;
    const code = 'fn main() { print!("{}", collet_tool::json::quote(&std::env::args().nth(1).unwrap())); }';
    const options = compileOptions();
    const { artifact } = await rust.compile(sourceOf("rust", code), options);
    assert.match(options.lines.join("\n"), /Compiling tool/);
    assert.ok(!options.lines.join("\n").includes(own.home));
    assert.equal(runBytes(artifact.bytes, { args: ['a"'] }).stdout, '"a\\""');
    assert.ok(!new TextDecoder("latin1").decode(artifact.bytes).includes(own.home));
    const error = await rust.compile(sourceOf("rust", "fn main() { x }"), compileOptions()).then(
      () => assert.fail("it compiled"),
      (it) => it,
    );
    assert.ok(error instanceof CompileFailure && !error.output.includes(own.home), String(error));
  });
});
