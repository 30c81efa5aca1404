/**
 * Programs that the prompt gives to begin with, one a language. Each takes any arguments, and is compiled by a test as it
 * stands.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { Language } from "../build/compiler.ts";

/** A program to begin with. */
export interface Pattern {
  readonly code: string;
  readonly dependencies?: readonly string[];
  /** Schema of its results. */
  readonly output: JsonObject;
  /** Gives what it answers to arguments. */
  readonly result: (args: JsonObject) => unknown;
  /** Says what is to be changed, and how arguments come and results go. */
  readonly advice: readonly string[];
}

/** Languages that there are patterns of: all that have a source. */
export type PatternLanguage = Exclude<Language, "wasm">;

const COUNT: Pick<Pattern, "output" | "result"> = {
  output: { type: "object", properties: { fields: { type: "integer" } }, required: ["fields"] },
  result: (args) => ({ fields: Object.keys(args).length }),
};
const BYTES: Pick<Pattern, "output" | "result"> = {
  output: { type: "object", properties: { bytes: { type: "integer" } }, required: ["bytes"] },
  result: (args) => ({ bytes: new TextEncoder().encode(JSON.stringify(args)).length }),
};
const SCRIPT_ADVICE = [
  "The function that is exported by default gets the arguments, checked against `input_schema`, and returns any JSON " +
  "value, or a promise of one. What it throws is the message of a failed call: say what was found and what is expected.",
  "It may have a second parameter, `ctx`: `log(level, message)`, `progress(done, total)`, `memory`, `callTool(name, args)`, " +
  "and `files` for what it was granted. There is no network and nothing of Node; packages from npm that need neither are " +
  "bundled when they are named in `dependencies`.",
];
const PROGRAM_ADVICE = [
  "The arguments come as JSON on stdin, up to its end; they were checked against `input_schema`. What is printed to " +
  "stdout is the result: one JSON object is structured content, anything else is text.",
  "To fail, write the reason to stderr and exit with 1: say what was found and what is expected. Other text on stderr " +
  "goes to the log.",
];

const C_ADVICE =
  "The header `collet_tool.h` is always there: `collet_input`, `collet_text` and `collet_quote` read and " +
  "write JSON, `collet_log`, `collet_progress` and `collet_call_tool` talk to the server.";

/** The patterns. */
export const PATTERNS: Readonly<Record<PatternLanguage, Pattern>> = {
  typescript: {
    ...COUNT,
    advice: SCRIPT_ADVICE,
    code: `export default function run(input: Record<string, unknown>) {
  const names = Object.keys(input);
  if (names.length === 0) throw new Error("expected an argument, found none");
  return { fields: names.length };
}
`,
  },
  javascript: {
    ...COUNT,
    advice: SCRIPT_ADVICE,
    code: `export default function run(input) {
  const names = Object.keys(input);
  if (names.length === 0) throw new Error("expected an argument, found none");
  return { fields: names.length };
}
`,
  },
  rust: {
    ...BYTES,
    advice: [
      ...PROGRAM_ADVICE,
      "The crate `collet_tool` is there without being named: `json` takes values out of the arguments and writes texts, " +
      "`log`, `progress`, `memory` and `call_tool` talk to the server. To read and write any JSON, name `serde_json@1` " +
      "in `dependencies`.",
    ],
    code: `use collet_tool::input;

fn run(arguments: &str) -> Result<String, String> {
    if arguments == "{}" {
        return Err("expected an argument, found none".into());
    }
    Ok(format!("{{\\"bytes\\":{}}}", arguments.len()))
}

fn main() {
    match run(&input()) {
        Ok(result) => println!("{}", result),
        Err(reason) => {
            eprintln!("{}", reason);
            std::process::exit(1);
        }
    }
}
`,
  },
  go: {
    ...COUNT,
    advice: [
      ...PROGRAM_ADVICE,
      "The package `collet_tool` can be imported without being named: `Input` and `Output` read and write JSON, `Log`, " +
      "`Progress`, `Memory` and `CallTool` talk to the server.",
    ],
    code: `package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func run(input map[string]any) (any, error) {
	if len(input) == 0 {
		return nil, errors.New("expected an argument, found none")
	}
	return map[string]any{"fields": len(input)}, nil
}

func main() {
	var input map[string]any
	err := json.NewDecoder(os.Stdin).Decode(&input)
	if err == nil {
		var result any
		if result, err = run(input); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(result)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`,
  },
  assemblyscript: {
    ...BYTES,
    advice: [
      ...PROGRAM_ADVICE,
      "The module `./collet_tool` is always there: `readInput`, `member`, `unquote` and `quote` read and write JSON, `log`, " +
      "`progress`, `memory` and `callTool` talk to the server.",
    ],
    code: `import { readInput } from "./collet_tool";

const input = readInput();
if (input == "{}") {
  process.stderr.write("expected an argument, found none\\n");
  process.exit(1);
}
process.stdout.write(\`{"bytes":\${String.UTF8.byteLength(input)}}\\n\`);
`,
  },
  c: {
    ...BYTES,
    advice: [...PROGRAM_ADVICE, C_ADVICE],
    code: `#include <stdio.h>

int main(void) {
  long bytes = 0;
  while (getchar() != EOF) bytes++;
  if (bytes <= 2) {
    fputs("expected an argument, found none\\n", stderr);
    return 1;
  }
  printf("{\\"bytes\\":%ld}\\n", bytes);
  return 0;
}
`,
  },
  "c++": {
    ...BYTES,
    advice: [...PROGRAM_ADVICE, C_ADVICE],
    code: `#include <iostream>
#include <iterator>
#include <string>

int main() {
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  if (input.size() <= 2) {
    std::cerr << "expected an argument, found none\\n";
    return 1;
  }
  std::cout << "{\\"bytes\\":" << input.size() << "}\\n";
  return 0;
}
`,
  },
  wat: {
    output: { type: "object" },
    result: (args) => args,
    advice: PROGRAM_ADVICE,
    code: `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; at 0: where the piece is and how long, at 8: how much was read or written, from 64 on: the piece
  (func (export "_start")
    (loop $next
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 4096))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8))
        (then
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (br $next))))))
`,
  },
};
