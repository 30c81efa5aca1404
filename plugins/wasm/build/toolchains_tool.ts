/**
 * The tool `toolchains` and the command-line verb `toolchain`: the compilers that come from npm, installed ahead of time
 * or removed.
 *
 * @module
 */
import * as v from "valibot";
import {
  type CommandIo,
  type CommandVerb,
  didYouMean,
  KernelError,
  type PluginContext,
  rankCompletions,
  ToolError,
  toolResult,
} from "../../../kernel/mod.ts";
import type { CompileOptions } from "./compiler.ts";
import type { NpmToolchains, ToolchainState } from "./npm_toolchains.ts";

const ACTIONS = ["list", "install", "remove"] as const;
type Action = typeof ACTIONS[number];

const Toolchain = v.object({
  name: v.string(),
  title: v.string(),
  description: v.string(),
  state: v.picklist(["installed", "not installed"]),
  packages: v.array(v.string()),
  size_bytes: v.number(),
  path: v.optional(v.string()),
});
const Language = v.object({
  language: v.string(),
  compiler: v.optional(v.string()),
  fetches: v.optional(v.string()),
  missing: v.optional(v.string()),
  commands: v.optional(v.array(v.string())),
});
const Output = v.object({
  toolchains: v.array(Toolchain),
  languages: v.optional(v.array(Language)),
});

/** A language, and what builds it here or why nothing does. */
export type LanguageSummary = v.InferOutput<typeof Language>;
type ToolchainSummary = v.InferOutput<typeof Toolchain>;

/** What the tool needs. */
export interface ToolchainsToolContext {
  readonly tool: PluginContext["tool"];
  readonly toolchains: NpmToolchains;
  /** Looks which languages can be built here; left out of the answer without it. */
  readonly languages?: (options: CompileOptions) => Promise<readonly LanguageSummary[]>;
}

/** Registers the tool. */
export function registerToolchainsTool({ tool, toolchains, languages }: ToolchainsToolContext): void {
  const input = v.strictObject({
    action: v.optional(
      v.pipe(
        v.picklist(ACTIONS),
        v.description("list: what can be built here, and by what; install, remove: the toolchain called name"),
      ),
      "list",
    ),
    name: v.optional(
      v.pipe(v.picklist(toolchains.names), v.description("A toolchain from npm, for install and remove")),
    ),
  });
  tool({
    name: "toolchains",
    description: "Look which compilers of WASM tools are here, and install or remove those that come from npm " +
      "(AssemblyScript, C and C++, components); builds install them on first use",
    input,
    output: Output,
    annotations: { title: "Compilers of WASM tools", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    complete: (argument, value) => argument === "name" ? rankCompletions(value, [...toolchains.names]) : [],
    async run({ action, name }, call) {
      let lines = 0;
      const report = (line: string) => void call.progress(++lines, undefined, line).catch(() => {});
      const options = { signal: call.signal, report };
      const text = action === "list" ? undefined : await act(toolchains, { action, name }, options);
      const summaries = (await toolchains.list()).map(summarize);
      const found = action === "list" ? await languages?.(options) : undefined;
      return toolResult({
        content: [{ type: "text", text: text ?? describeAll(summaries, found) }],
        structuredContent: { toolchains: summaries, ...(found !== undefined && { languages: [...found] }) },
      });
    },
  });
}

/** Makes the verb `toolchain`. */
export function createToolchainVerb(toolchains: () => Promise<NpmToolchains>): CommandVerb {
  return {
    name: "toolchain",
    usage: "list | install NAME | remove NAME",
    description: "List, install or remove compilers of WASM tools that come from npm",
    async run(io) {
      const known = await toolchains();
      const { action, name } = readWords(io, known.names);
      const signal = new AbortController().signal;
      const text = action === "list" ? undefined : await act(known, { action, name }, { signal, report: io.warn });
      const summaries = (await known.list()).map(summarize);
      if (io.json) return io.print(JSON.stringify({ toolchains: summaries }));
      io.print(text ?? describeAll(summaries, undefined));
    },
  };
}

async function act(
  toolchains: NpmToolchains,
  { action, name }: { readonly action: Exclude<Action, "list">; readonly name: string | undefined },
  options: CompileOptions,
): Promise<string> {
  if (name === undefined) {
    throw new ToolError(`Cannot ${action} a toolchain: "name" is missing; it is one of ${toolchains.names.join(", ")}`);
  }
  if (action === "install") {
    const { path } = await toolchains.install(name, options);
    return `Toolchain "${name}" is installed in ${path}`;
  }
  return await toolchains.remove(name)
    ? `Toolchain "${name}" is removed; a build that needs it installs it again`
    : `Toolchain "${name}" is not installed; nothing was removed`;
}

function readWords({ args }: CommandIo, names: readonly string[]) {
  const [action = "list", name] = args;
  const fail = (why: string, fix: string) =>
    new KernelError("OPTION_INVALID", `Cannot run "toolchain": ${why}`, { fix: `Run "collet toolchain ${fix}"` });
  const found = ACTIONS.find((it) => it === action);
  if (found === undefined) {
    throw fail(
      `"${action}" is no action${didYouMean(action, ACTIONS)}`,
      `list", "collet toolchain install NAME" or "collet toolchain remove NAME`,
    );
  }
  if (args.length > (found === "list" ? 1 : 2)) {
    throw fail(
      `${args.length} words were given`,
      `list" or "collet toolchain ${found === "list" ? "install" : found} NAME`,
    );
  }
  if (found === "list") return { action: found, name: undefined };
  if (name === undefined) throw fail("a name is missing", `${found} NAME" with one of "${names.join('", "')}`);
  if (!names.includes(name)) {
    throw fail(`there is no toolchain "${name}"${didYouMean(name, names)}`, `${found} ${names[0]}`);
  }
  return { action: found, name };
}

function summarize(
  { name, title, description, isInstalled, packages, size, path }: ToolchainState,
): ToolchainSummary {
  return {
    ...{ name, title, description, size_bytes: size },
    state: isInstalled ? "installed" : "not installed",
    packages: [...packages],
    ...(path !== undefined && { path }),
  };
}

function describeAll(
  summaries: readonly ToolchainSummary[],
  languages: readonly LanguageSummary[] | undefined,
): string {
  const toolchains = summaries.map(({ name, title, description, state, size_bytes: size }) =>
    `- ${name}: ${title}, ${state} (${Math.round(size / 1_000_000)} MB). ${description}`
  );
  const lines = (languages ?? []).map(({ language, compiler, fetches, missing, commands = [] }) => {
    if (compiler !== undefined) {
      return `- ${language}: ${compiler}${fetches === undefined ? "" : ` (fetches ${fetches})`}`;
    }
    const [command] = commands;
    return `- ${language}: ${missing ?? "no compiler was found"}${
      command === undefined ? "" : `; install it: ${command}`
    }`;
  });
  return [
    ...(lines.length === 0 ? [] : ["What can be built here:", ...lines, ""]),
    "Toolchains from npm:",
    ...toolchains,
  ].join("\n");
}
