/**
 * How interpreters are started that wait for their script.
 *
 * @module
 */
import type { Variables } from "../author_modules/mod.ts";
import { PLACES } from "./places.ts";

/** The interpreters that can wait. */
export type WarmLanguage = "python" | "node" | "deno";

/** A start that is asked for. */
export interface WarmStart {
  /** Folder of the boots, as the process sees it. */
  readonly boots: string;
  /** A folder of the process's own that it may change, as the process sees it. */
  readonly home: string;
  /** The script, as the process sees it; Deno alone needs to know. */
  readonly file: string;
  /** Words between the program and the script, as they would be for a script that is there. */
  readonly args: readonly string[];
  /** Variables that the script is to have. */
  readonly env: Variables;
  /** Whether the header brings the script's files; `false` by default. */
  readonly hasFiles?: boolean;
}

/** How a process is started, and what its header has to say. */
export interface WarmCommand {
  /** All words after the program. */
  readonly args: readonly string[];
  /** Variables to start with. With the words they belong to what tells one kind of waiting process from another. */
  readonly env: Variables;
  /** Variables for the header. */
  readonly late: Variables;
  /** Folders for the header's `revoke`. */
  readonly revoke: readonly string[];
}

/** Variables that programs read when they start. */
const EARLY_REGEXP = /^(?:PYTHON(?!PATH$)|NODE_|DENO_|LD_|DYLD_|LC_|MALLOC_|GLIBC_)|^(?:LANG|LANGUAGE|NO_COLOR)$/;
/** A main file that Node is never led to; the same for all scripts, which can have the same process. */
const MAIN = "script";
const IMPORT_REGEXP = /(?:^| )--import=(\S+)$/;

/** Words with which an interpreter still waits: none names a program, or keeps a boot from being loaded. */
const WORDS: Readonly<Record<WarmLanguage, RegExp>> = {
  python: /^-(?:[uBbdOq]+|[WX][A-Za-z0-9_=:.]+)$/,
  node:
    /^--(?:no-warnings|enable-source-maps|max-old-space-size=\d+|stack-size=\d+|experimental-[a-z-]+|trace-[a-z-]+)$/,
  deno:
    /^(?:run|-[AqRWENS]+|--(?:no-prompt|no-check|no-lock|no-config|no-remote|no-npm|cached-only|quiet|frozen)|--(?:allow|deny)-[a-z]+(?:=.*)?|--(?:import-map|config|lock|node-modules-dir|v8-flags|unstable-[a-z-]+)(?:=.*)?)$/,
};

/**
 * Tells whether an interpreter that is started with these words can wait for its script.
 *
 * @param args Words between the program and the script.
 */
export function canWait(language: string, args: readonly string[]): language is WarmLanguage {
  const words = Object.hasOwn(WORDS, language) ? WORDS[language as WarmLanguage] : undefined;
  return words !== undefined && args.every((word) => words.test(word)) && (language !== "deno" || args[0] === "run");
}

/** Gives the command that starts a waiting interpreter. */
export function warmCommand(language: WarmLanguage, start: WarmStart): WarmCommand {
  const entries = Object.entries(start.env);
  const env = Object.fromEntries(entries.filter(([name]) => EARLY_REGEXP.test(name)));
  const late = Object.fromEntries(entries.filter(([name]) => !EARLY_REGEXP.test(name)));
  const common = { env, late, revoke: [] };
  const { boots, home, args, file } = start;
  switch (language) {
    case "python":
      return {
        ...common,
        args: [...args, `${home}/.collet-${language}`],
        env: { ...env, PYTHONPATH: `${boots}/${PLACES.python}` },
      };
    case "node":
      return { ...common, args: [...args, "--require", `${boots}/${PLACES.node}`, MAIN], env: withEarlyImport(env) };
    case "deno": {
      const { words, revoke } = allowFiles(start);
      return { ...common, args: [...words, `--preload=${boots}/${PLACES.deno}`, file], revoke };
    }
  }
}

// by NODE_OPTIONS it would be imported after the boot, which is when the script is waited for
function withEarlyImport({ NODE_OPTIONS: options = "", ...env }: Variables): Variables {
  const url = IMPORT_REGEXP.exec(options)?.[1];
  const rest = url === undefined ? options : options.replace(IMPORT_REGEXP, "");
  return { ...env, ...(rest !== "" && { NODE_OPTIONS: rest }), ...(url !== undefined && { COLLET_IMPORT: url }) };
}

/** Lets the boot of Deno write the files of the script, where the script itself may not. */
function allowFiles(
  { args, file, hasFiles = false }: WarmStart,
): { readonly words: readonly string[]; readonly revoke: readonly string[] } {
  const isOpen = args.some((word) => /^(?:-\w*[AW]\w*|--allow-all|--allow-write)$/.test(word));
  if (!hasFiles || isOpen) return { words: args, revoke: [] };
  const folder = file.slice(0, file.lastIndexOf("/"));
  const allowed = args.filter((word) => word.startsWith(ALLOW_WRITE)).map((word) => word.slice(ALLOW_WRITE.length));
  const folders = [...allowed, folder.replaceAll(",", ",,")];
  const words = args.filter((word) => !word.startsWith(ALLOW_WRITE));
  return { words: [...words, `${ALLOW_WRITE}${folders.join(",")}`], revoke: [folder] };
}

const ALLOW_WRITE = "--allow-write=";
