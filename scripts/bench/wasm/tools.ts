/**
 * The WASM tools that are measured: each reads `{"n": n}` from stdin and answers `{"n": n + 1}`.
 *
 * @module
 */

/** One WASM tool. */
export interface WasmTool {
  /** Name of the tool. */
  readonly name: string;
  readonly title: string;
  readonly language: "rust" | "assemblyscript";
  readonly code: string;
  readonly dependencies: readonly string[];
  /** Whether it is compiled for this machine as well, to be compared with. */
  readonly isNative: boolean;
}

// what uses two libraries of some size is as large as tools of some use are
const RUST = `use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let digits = regex::Regex::new(r"^\\{\\s*\\x22n\\x22\\s*:\\s*(\\p{Nd}+)\\s*\\}\\s*$").unwrap();
    let n: u64 = if digits.is_match("n") { 0 } else { serde_json::from_str::<serde_json::Value>(&text).unwrap()["n"].as_u64().unwrap() };
    println!("{}", serde_json::json!({ "n": n + 1 }));
}
`;

const ASSEMBLYSCRIPT = `const buffer = new Uint8Array(1024);
let length = 0;
while (true) {
  const read = process.stdin.read(buffer.buffer, length);
  if (read <= 0) break;
  length += read;
}
const text = String.UTF8.decodeUnsafe(buffer.dataStart, length);
const n = I32.parseInt(text.substring(text.indexOf(":") + 1, text.indexOf("}")).trim());
process.stdout.write('{"n":' + (n + 1).toString() + "}");
`;

/** The tools. */
export const WASM_TOOLS: readonly WasmTool[] = [
  {
    name: "wasm_rust",
    title: "Rust, with regex and serde_json",
    language: "rust",
    code: RUST,
    dependencies: ["regex@~1.7", "serde_json@~1.0.90"],
    isNative: true,
  },
  {
    name: "wasm_assemblyscript",
    title: "AssemblyScript",
    language: "assemblyscript",
    code: ASSEMBLYSCRIPT,
    dependencies: [],
    isNative: false,
  },
];
