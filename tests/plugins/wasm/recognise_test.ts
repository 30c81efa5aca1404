import assert from "node:assert/strict";
import { test } from "node:test";
import type { Language } from "../../../plugins/wasm/build/compiler.ts";
import { recogniseLanguage } from "../../../plugins/wasm/build/recognise.ts";

const FIBONACCI = `fn main() {
let (mut a, mut b) = (0u64, 1);
for _ in 0..20 { print!("{} ", a); (a, b) = (b, a + b); }
}`;

const CASES: readonly (readonly [what: string, language: Language | undefined, code: string])[] = [
  ["the example of skillz", "rust", FIBONACCI],
  ["Rust with imports first", "rust", "use std::io::Read;\n\nfn main() -> Result<(), String> { Ok(()) }"],
  ["Rust with an attribute", "rust", "#![allow(unused)]\nfn main() {}"],
  ["Rust with lifetimes and characters", "rust", "fn f<'a>(x: &'a str) -> char { '\"' }\nfn main() {}"],
  ["Rust that talks of Go", "rust", '// package main\nfn main() { println!("package main"); }'],
  ["Rust that prints C", "rust", 'fn main() { print!("int main() {{}}"); }'],
  ["Rust with C in a raw text", "rust", 'fn main() { print!("{}", r"\n#[x]\n"); }'],
  ["Rust in a library's manner", "rust", "pub fn run<T: Copy>(x: T) -> T { x }\nfn main() { run(1); }"],
  ["Go", "go", 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }'],
  ["Go after a comment", "go", "// fn main() {}\npackage main\nfunc main() {}"],
  ["C", "c", '#include <stdio.h>\nint main(void) { puts("fn main()"); return 0; }'],
  ["C without includes", "c", "int main() { return 3; }"],
  ["C with a definition", "c", "#define N 3\nint main(int argc, char **argv) { return N; }"],
  ["C that talks of C++", "c", "#include <stdio.h>\n/* std::cout, template <class T> */\nint main(void) { return 0; }"],
  ["C++", "c++", '#include <iostream>\nint main() { std::cout << "hi"; }'],
  ["C++ with a template", "c++", "#include <stdio.h>\ntemplate <typename T> T id(T x) { return x; }\nint main() {}"],
  ["C++ with a namespace", "c++", "#include <stdio.h>\nusing namespace std;\nint main() {}"],
  ["TypeScript with types of parameters", "typescript", "export default (input: { a: number }) => input.a;"],
  ["TypeScript with a taken apart parameter", "typescript", "export default ({ a }: { a: number }) => a;"],
  ["TypeScript with a type of a result", "typescript", "export default async function run(x): Promise<void> {}"],
  [
    "TypeScript with an interface",
    "typescript",
    "interface Input {\n  a: number;\n}\nexport default (input) => input;",
  ],
  ["TypeScript with a type", "typescript", "type Input = { a: number };\nexport default (input) => input;"],
  ["TypeScript with a typed variable", "typescript", "const n: number = 1;\nexport default () => n;"],
  ["TypeScript with as", "typescript", "export default (input) => (input as Input).a;"],
  ["JavaScript", "javascript", "export default (input) => ({ a: input.a });"],
  ["JavaScript with a choice", "javascript", "export default (input) => (input.a ? input.b : input.c);"],
  ["JavaScript with an object in a call", "javascript", "export default (x) => f({ a: x, b: { c: 1 } });"],
  ["JavaScript that prints a type", "javascript", 'export default () => "const n: number = 1";'],
  ["JavaScript with a comment in types", "javascript", "/** @param {a: number} x */\nexport default (x) => x;"],
  ["JavaScript with a choice in brackets", "javascript", "export default (x) => f((x ? y : z));"],
  ["JavaScript of CommonJS", "javascript", "module.exports = (input) => input;"],
  ["JavaScript with imports", "javascript", 'import { a } from "b";\nexport default () => a;'],
  ["JavaScript that imports for effect", "javascript", 'import "b";\nexport { run as default };'],
  ["JavaScript in a template", "javascript", "export default () => `fn main() {} ${1}`;"],
  ["AssemblyScript with as-wasi", "assemblyscript", 'import { Console } from "as-wasi/assembly";\nConsole.log("a");'],
  ["AssemblyScript with its start", "assemblyscript", "export function _start(): void {}"],
  ["AssemblyScript with an import", "assemblyscript", '@external("env", "f")\ndeclare function f(): void;'],
  ["AssemblyScript with its types", "assemblyscript", "export function add(a: i32, b: i32): i32 { return a + b; }"],
  ["WAT", "wat", '(module (memory (export "memory") 1))'],
  ["WAT after comments", "wat", ";; fn main()\n(; package main ;)\n( module)".replace("( module", "(module")],
  ["a module in Base64", "wasm", "AGFzbQEAAAA="],
  ["a module in Base64, in lines", "wasm", "AGFzbQEAAAAB\nBgFgAX8BfwMC\n"],
  ["a path", "wasm", "/home/me/tool.wasm"],
  ["a path of the user", "wasm", " ~/tool.wasm\n"],
  ["nothing that is known", undefined, "puts 'hello'"],
  ["Python", undefined, "import_json = 1\nprint(import_json)"],
];

for (const [what, language, code] of CASES) {
  test(`recogniseLanguage knows ${what}`, () => assert.equal(recogniseLanguage(code), language));
}
