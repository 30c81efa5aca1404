/**
 * Recognises the language of a program by its first words, its imports and its entry point.
 *
 * @module
 */
import type { Language } from "./compiler.ts";

/** Characters that are looked at. */
const MOST_CODE = 100_000;

/** `\0asm` in Base64. */
const BASE64_REGEXP = /^(?:data:[^,]{0,100},)?AGFzbQ[A-Za-z0-9+/_\s-]*={0,2}\s*$/;
const WASM_PATH_REGEXP = /^[^\n]+\.wasm$/;
const WAT_COMMENT_REGEXP = /;;.*$|\(;[\s\S]*?;\)/gm;
const WAT_REGEXP = /^\s*\((?:module|component)\b/;
// comments, and texts up to the end of their line; a lifetime of Rust begins like a text and has no end
const SILENT_REGEXP =
  /\/\*[\s\S]*?\*\/|\/\/.*$|`(?:[^`\\]|\\[\s\S])*`|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/gm;
const C_STRING_REGEXP = /^["'`]/;

const GO_REGEXP = /^\s*package\s+main\b/m;
const RUST_REGEXP =
  /\bfn\s+\w+\s*[(<]|^\s*(?:pub\s+)?use\s+\w+\s*(?:::|;)|^\s*extern\s+crate\b|^\s*#!?\[\w|\blet\s+mut\s/m;
const C_REGEXP = /^[ \t]*#[ \t]*(?:include|define|pragma|if|ifdef|ifndef)\b|\b(?:int|void|auto)\s+main\s*\(/m;
const CPP_REGEXP =
  /^[ \t]*#[ \t]*include\s*<[a-z_]+>|\bstd\s*::|\busing\s+namespace\b|\btemplate\s*<|^\s*(?:class|namespace)\s+\w+|\bauto\s+main\b/m;
const AS_PACKAGE_REGEXP = /\bfrom\s*["'](?:as-wasi|assemblyscript|@assemblyscript|as-\w+)(?:\/[^"']*)?["']/;
const AS_REGEXP =
  /^\s*@(?:external|inline|unmanaged|global|unsafe|lazy)\b|\bStaticArray\s*<|\bexport\s+function\s+_start\s*\(|:\s*(?:[iu](?:8|16|32|64)|f32|f64|[iu]size|v128)\b/m;
const SCRIPT_REGEXP =
  /^\s*(?:export\s+(?:default|const|let|var|function|async|class|type|interface|enum|abstract|\{|\*)|import\s*(?:type\s|[*{]|""|\w+\s*,|\w+\s+from\b)|module\s*\.\s*exports\b|(?:async\s+)?function\s*\*?\s*\w*\s*\(|(?:const|let|var|interface|enum|declare)\s+[\w{[])/m;
const TYPES_REGEXP = new RegExp(
  [
    // interface A {, type A =, enum A {, import type
    /^\s*(?:export\s+)?(?:declare\s+)?(?:interface\s+\w+[^\n]*\{|type\s+\w+\s*(?:<[^\n]*>)?\s*=|(?:const\s+)?enum\s+\w+\s*\{)/,
    /^\s*(?:import|export)\s+type\b/,
    // const a: A =
    /\b(?:const|let|var)\s+(?:\w+|\{[^}]*\}|\[[^\]]*\])\s*:\s*[A-Za-z{[(]/,
    // (a: A, b?: B), ({ a }: A): with a bracket, not that of a call or an object, right before
    /\(\s*(?:\w+\s*,\s*)*(?:\.\.\.)?(?:\w+|\{[^}()]*\}|\[[^\]()]*\])\s*\??:\s*[A-Za-z{["(]/,
    // ): A =>, ): A {
    /\)\s*:\s*[A-Za-z][\w.]*(?:<[^\n]*>)?(?:\[\])*\s*(?:=>|\{)/,
    /\bas\s+(?:const|unknown|any|string|number|boolean|[A-Z]\w*)\b|\bsatisfies\s+[A-Z]\w*/,
  ].map(({ source }) => source).join("|"),
  "m",
);

/**
 * Recognises a language.
 *
 * @returns `undefined` when nothing tells what it is.
 */
export function recogniseLanguage(whole: string): Language | undefined {
  const trimmed = whole.trim();
  if (BASE64_REGEXP.test(trimmed) || WASM_PATH_REGEXP.test(trimmed)) return "wasm";
  const code = whole.slice(0, MOST_CODE);
  if (WAT_REGEXP.test(code.replace(WAT_COMMENT_REGEXP, ""))) return "wat";
  // in that order: what tells a language is looked for before what others have as well
  const said = code.replace(SILENT_REGEXP, (piece) => C_STRING_REGEXP.test(piece) ? '""' : " ");
  if (GO_REGEXP.test(said)) return "go";
  if (C_REGEXP.test(said)) return CPP_REGEXP.test(said) ? "c++" : "c";
  if (RUST_REGEXP.test(said)) return "rust";
  if (CPP_REGEXP.test(said)) return "c++";
  const uncommented = code.replace(SILENT_REGEXP, (piece) => C_STRING_REGEXP.test(piece) ? piece : " ");
  if (AS_PACKAGE_REGEXP.test(uncommented) || AS_REGEXP.test(said)) return "assemblyscript";
  if (SCRIPT_REGEXP.test(said)) return TYPES_REGEXP.test(said) ? "typescript" : "javascript";
  return undefined;
}
