/**
 * Go, compiled by the Go of this machine in the sandbox, and run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { MissingToolchain } from "../../../plugins/wasm/build/compiler.ts";
import { GoCompiler } from "../../../plugins/wasm/build/go/mod.ts";
import { findUnasked, fits, manifestOf, readModules, readSums } from "../../../plugins/wasm/build/go/modules.ts";
import { borrowGoBuilds, keepGoBuilds } from "../../support/go_builds.ts";
import { processesWith } from "../../support/process_list.ts";
import { until } from "../../support/wait.ts";
import { greetingOf, isThere, type NativeKit, offline, reaching, readmeExample, startNative } from "./native_kit.ts";
import { compileOptions, failureOf, runBytes, sourceOf } from "./toolchain_kit.ts";

const HASH = `h1:${"A".repeat(43)}=`;

let kit: NativeKit;
let compiler: GoCompiler;

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => assert.fail("it was not refused"), (it) => it);
  assert.ok(isToolError(error), String(error?.stack ?? error));
  return error.message;
}

describe("GoCompiler", () => {
  before(async () => {
    kit = await startNative();
    await borrowGoBuilds(kit.home);
    compiler = new GoCompiler(kit);
  });
  after(async () => {
    await keepGoBuilds(kit.home);
    await kit[Symbol.asyncDispose]();
  });

  test("a tool of several packages talks to the server by collet_tool", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const code = `package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"

	"collet_tool"
	"wasmtool/words"
)

//go:embed data.txt
var data string

func main() {
	var input struct{ Name string }
	if err := collet_tool.Input(&input); err != nil {
		panic(err)
	}
	collet_tool.Log("info", "a \\"b\\"", map[string]int{"n": 1})
	collet_tool.Progress(1, 2, "half")
	keys, _ := collet_tool.Memory.List("")
	sum, _ := collet_tool.Memory.Increment("n", 2)
	_ = collet_tool.Memory.SetFor("k", []int{1}, 60)
	_, err := collet_tool.CallTool("other", nil)
	var refused *collet_tool.Error
	errors.As(err, &refused)
	collet_tool.Output(map[string]any{"text": words.Join(input.Name, data, os.Args[1]), "keys": keys, "sum": sum,
		"code": refused.Code, "error": fmt.Sprint(err)})
	fmt.Fprint(os.Stderr, "said")
	os.Exit(3)
}
`;
    const words =
      'package words\n\nimport "strings"\n\nfunc Join(all ...string) string { return strings.Join(all, "+") }\n';
    const files = { "words/words.go": words, "data.txt": "embedded" };
    const { artifact, lock, warnings } = await compiler.compile(sourceOf("go", code, { files }), compileOptions());
    assert.deepEqual([artifact.kind, lock, warnings], ["module", undefined, []]);
    const seen: unknown[] = [];
    const replies: Readonly<Record<string, unknown>> = {
      "memory/list": { result: { keys: ["a"] } },
      "memory/increment": { result: { value: 7 } },
      "tools/call": { error: { code: -32602, message: "There is no tool" } },
    };
    const ran = runBytes(artifact.bytes, {
      stdin: '{"name":"Adé"}',
      args: ["x"],
      reply: (message) => {
        seen.push(message);
        return replies[(message as { method: string }).method];
      },
    });
    assert.deepEqual([ran.code, ran.stderr], [3, "said"]);
    assert.deepEqual(JSON.parse(ran.stdout), {
      ...{ text: "Adé+embedded+x", keys: ["a"], sum: 7, code: -32602, error: "There is no tool" },
    });
    assert.deepEqual(seen, [
      { method: "log", params: { level: "info", message: 'a "b"', data: { n: 1 } } },
      { method: "progress", params: { current: 1, total: 2, message: "half" } },
      { method: "memory/list", params: { prefix: "" } },
      { method: "memory/increment", params: { key: "n", by: 2 } },
      { method: "memory/set", params: { key: "k", value: [1], ttl: 60 } },
      { method: "tools/call", params: { name: "other", arguments: {} } },
    ]);
  });

  test("the example of the README greets and counts", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const { artifact } = await compiler.compile(sourceOf("go", await readmeExample("go")), compileOptions());
    greetingOf(artifact.bytes);
  });

  test("modules are fetched once, and the lock keeps their versions", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const code = `package main

import (
	"fmt"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"
)

func main() {
	text, _ := yaml.Marshal(map[string]string{"id": uuid.NewSHA1(uuid.NameSpaceDNS, []byte("x")).String()})
	fmt.Print(string(text))
}
`;
    const dependencies = ["github.com/google/uuid@v1.5.0", "gopkg.in/yaml.v3"];
    kit.commands.steps.length = 0;
    const source = sourceOf("go", code, { dependencies });
    const first = await reaching(t, () => compiler.compile(source, compileOptions()));
    if (first === undefined) return;
    assert.equal(runBytes(first.artifact.bytes).stdout, "id: 05b16a01-46c6-56dd-bd6e-c6dfb4a1427a\n");
    assert.match(first.lock!, /^github\.com\/google\/uuid v1\.5\.0 h1:/m);
    const steps = kit.commands.steps.map(({ name, network }) => `${name} ${network}`);
    assert.deepEqual(steps, ["go get true", "go mod true", "go build false"]);

    kit.commands.steps.length = 0;
    const again = await compiler.compile({ ...source, lock: first.lock }, compileOptions());
    assert.deepEqual(kit.commands.steps.map(({ network }) => network), [false, false]);
    assert.equal(again.lock, first.lock);
    assert.deepEqual(again.artifact.bytes, first.artifact.bytes);

    const changed = first.lock!.replace(/(uuid v1\.5\.0 h1:)..../, "$1AAAA");
    const refusal = await refusalOf(compiler.compile({ ...source, lock: changed }, compileOptions()));
    assert.match(refusal, /checksum mismatch/);
    const other = { ...source, dependencies: ["gopkg.in/yaml.v3"] };
    assert.match(
      await refusalOf(compiler.compile(other, compileOptions())),
      /imports module "github\.com\/google\/uuid", which is not among the dependencies/,
    );
  });

  test("what does not compile is told with file and line, and without folders of this machine", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const code = 'package main\n\nimport "wasmtool/util"\n\nfunc main() {\n\tvar x int = "a"\n\tutil.Go(x)\n}\n';
    const files = { "util/util.go": "package util\n\nfunc Go(x int) {}\n" };
    const types = await failureOf(compiler, sourceOf("go", code, { files }));
    assert.deepEqual(types.diagnostics.map(({ file, line, column }) => [file, line, column]), [["src.go", 6, 14]]);
    assert.match(types.diagnostics[0]!.message, /cannot use "a"/);
    const broken = await failureOf(compiler, sourceOf("go", "package main\n\nfunc main( {\n"));
    assert.deepEqual([broken.diagnostics[0]?.file, broken.diagnostics[0]?.line], ["src.go", 3]);
    const unnamed = 'package main\n\nimport _ "github.com/google/uuid"\n\nfunc main() {}\n';
    const missing = await failureOf(compiler, sourceOf("go", unnamed));
    assert.match(missing.diagnostics[0]!.message, /name its module among the dependencies$/);
    for (const { output } of [types, broken, missing]) {
      assert.ok(!output.includes(kit.home) && !output.includes("/build"), output);
    }
  });

  test("files outside of the tool cannot be embedded", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const code =
      'package main\n\nimport _ "embed"\n\n//go:embed ../../../etc/passwd\nvar s string\n\nfunc main() { print(s) }\n';
    const { diagnostics } = await failureOf(compiler, sourceOf("go", code));
    assert.match(diagnostics[0]!.message, /invalid pattern/);
  });

  test("a module that there is not is told in Go's words", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const source = sourceOf("go", "package main\nfunc main() {}\n", { dependencies: ["example.com/has/no/module"] });
    const refusal = await reaching(t, () => refusalOf(compiler.compile(source, compileOptions())));
    if (refusal !== undefined) assert.match(refusal, /example\.com\/has\/no\/module/);
  });

  test("cancellation ends all that was started", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const functions = Array.from({ length: 20_000 }, (_, i) => `func f${i}(s string) string { return s + "${i}" + s }`);
    const code = `package main\n\n${functions.join("\n")}\nfunc main() { print(f1("")) }\n`;
    const controller = new AbortController();
    const compiling = compiler.compile(sourceOf("go", code), compileOptions(controller.signal));
    compiling.catch(() => {});
    await until(async () => (await processesWith(kit.home)).some((line) => / build /.test(line)), "the compiler");
    controller.abort(new Error("no longer wanted"));
    await assert.rejects(compiling, /no longer wanted/);
    assert.deepEqual(await processesWith(kit.home), []);
  });

  test("offline nothing is fetched, and that is told", async (t) => {
    if (!await isThere(t, compiler, "go")) return;
    const commands = offline(kit);
    const own = new GoCompiler({ ...kit, commands });
    const code = 'package main\n\nimport _ "rsc.io/quote"\n\nfunc main() {}\n';
    const refusal = await refusalOf(
      own.compile(sourceOf("go", code, { dependencies: ["rsc.io/quote@v1.5.2"] }), compileOptions()),
    );
    assert.match(refusal, /GOPROXY=off[^]*This server is offline/);
    assert.deepEqual(commands.steps.filter(({ env }) => env?.["GOPROXY"] !== "off").map(({ args }) => args[0]), [
      "version",
    ]);
  });

  test("a Go that is too old is told, with what installs another", async () => {
    await using own = await startNative();
    own.commands.answer = () => ({ code: 0, stdout: "go version go1.19.8 linux/amd64\n", stderr: "" });
    const error = await new GoCompiler(own).find({ language: "go" }, compileOptions())
      .then(() => assert.fail("it was found"), (it) => it);
    assert.ok(error instanceof MissingToolchain, String(error));
    assert.match(error.message, /^go 1\.19\.8 is older than 1\.21|^no compiler was found$/);
    assert.match(error.commands.join("\n"), /go\.dev\/dl/);
  });

  test("files that Go would heed are refused", () => {
    for (const path of ["go.mod", "go.sum", "go.work", "util/go.mod", "vendor/modules.txt", "GO.MOD", "src.go"]) {
      const source = sourceOf("go", "package main", { files: { [path]: "" } });
      assert.throws(() => compiler.check(source), (error) => isToolError(error) && error.message.includes(`"${path}"`));
    }
  });
});

describe("readModules", () => {
  test("reads paths and versions", () => {
    assert.deepEqual(readModules(["gopkg.in/yaml.v3", "github.com/google/uuid@v1.6.0", "golang.org/x/text@master"]), [
      { path: "github.com/google/uuid", version: "v1.6.0" },
      { path: "golang.org/x/text", version: "master" },
      { path: "gopkg.in/yaml.v3", version: "latest" },
    ]);
  });

  for (
    const word of [
      ...["", "-x", "fmt", "uuid", "github.com/google/uuid@", "github.com/google/uuid@v1 -x", "github.com//x"],
      ...["github.com/a/../b", "./beside", "/absolute", "https://github.com/google/uuid", "a.b/c => ../d"],
      ...["a.b/c\nreplace a.b/c => /etc", "a.b/c@v1\n", "a.b/-c", "collet_tool"],
    ]
  ) {
    test(`refuses ${JSON.stringify(word)}`, () => {
      const words = [word.endsWith("\n") ? `${word}x` : word];
      assert.throws(
        () => readModules(words),
        (error) => isToolError(error) && /Cannot take module/.test(error.message),
      );
    });
  }

  test("refuses a module that is named twice", () => {
    assert.throws(() => readModules(["a.b/c", "a.b/c@v1.0.0"]), /named twice/);
  });
});

describe("readSums", () => {
  const lock = `a.b/c v1.0.0 ${HASH}\na.b/c v1.0.0/go.mod ${HASH}\nd.e/f v2.0.0+incompatible/go.mod ${HASH}\n`;

  test("finds the versions that are in use", () => {
    assert.deepEqual(readSums(lock), [{ path: "a.b/c", version: "v1.0.0" }]);
    assert.equal(fits(readSums(lock), [{ path: "a.b/c", version: "latest" }]), true);
    assert.equal(fits(readSums(lock), [{ path: "a.b/c", version: "v1.0.1" }]), false);
    assert.equal(fits(readSums(lock), [{ path: "d.e/f", version: "latest" }]), false);
  });

  test("refuses what is no line of it", () => {
    for (const line of ["a.b/c v1.0.0", `a.b/c => /etc ${HASH}`, `a.b/c v1.0.0 ${HASH} x`, ")\nreplace x => /"]) {
      assert.throws(() => readSums(`${lock}${line}\n`), /Cannot use go\.sum/);
    }
  });

  test("tells which module the code needs and nobody asked for", () => {
    const modules = [{ path: "a.b/c", version: "v1.0.0" }];
    const manifest = manifestOf({ goVersion: "1.21", modules, hasHelper: true });
    assert.equal(findUnasked(manifest, modules), undefined);
    assert.equal(findUnasked(manifest, []), "a.b/c");
    assert.equal(findUnasked("require (\n\tx.y/z v1.0.0 // indirect\n)\n", []), undefined);
    assert.equal(findUnasked("require (\n\tx.y/z v1.0.0\n)\n", []), "x.y/z");
  });
});
