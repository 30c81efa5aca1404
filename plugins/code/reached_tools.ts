/**
 * The tools that a run reaches, and by which names.
 *
 * @module
 */
import { didYouMean, type Toolbox, ToolError, type ToolSummary } from "../../kernel/mod.ts";
import { JAVASCRIPT_RESERVED, placeTools, PYTHON_RESERVED } from "../library/contract.ts";
import type { CodeLanguage, CodeTool } from "../wasm/contract.ts";

/** The tools of the server, as code of one language sees them. */
interface NamedTools {
  readonly all: readonly ToolSummary[];
  readonly tools: ReadonlyMap<string, CodeTool>;
  /** All of them: the same list for every run, until a tool comes or goes. */
  readonly list: readonly CodeTool[];
  /** Tools by the other ways in which code spells them. */
  readonly spelled: ReadonlyMap<string, string>;
}

/** What a run reaches. */
export interface ReachedTools {
  readonly tools: readonly CodeTool[];
  /** Tells whether code may call a tool: one of these, or also one that was made since where none were named. */
  has(name: string): boolean;
  /** All tools that code can be given, since each decides on how others are named. */
  readonly all: readonly ToolSummary[];
}

/** Names the tools of a server for code. */
export class ToolNames {
  readonly #toolbox: Pick<Toolbox, "list" | "version">;
  readonly #runner: string;
  #version = -1;
  readonly #named = new Map<CodeLanguage, NamedTools>();

  /** @param runner The tool that runs code, which code does not reach. */
  constructor(toolbox: Pick<Toolbox, "list" | "version">, runner: string) {
    this.#toolbox = toolbox;
    this.#runner = runner;
  }

  /**
   * Gives the tools of a run: those that are wanted, by name or as code spells them; all by default.
   *
   * @throws {ToolError} naming one that is not there.
   */
  reach(language: CodeLanguage, wanted: readonly string[] | undefined): ReachedTools {
    const { all, tools, list, spelled } = this.#names(language);
    if (wanted === undefined) return { tools: list, all, has: (name) => name !== this.#runner };
    const names = wanted.map((it) => {
      const name = tools.has(it) ? it : spelled.get(it);
      if (name !== undefined) return name;
      const why = it === this.#runner ? ": code does not call it" : didYouMean(it, [...tools.keys()]);
      throw new ToolError(`Cannot give the code tool "${it}": unknown tool${why}`);
    });
    const reached = new Set(names);
    return { tools: [...reached].map((name) => tools.get(name)!), all, has: (name) => reached.has(name) };
  }

  #names(language: CodeLanguage): NamedTools {
    const { version } = this.#toolbox;
    if (version !== this.#version) this.#named.clear();
    this.#version = version;
    const named = this.#named.get(language) ??
      nameTools(language, this.#toolbox.list().filter((it) => it.name !== this.#runner));
    this.#named.set(language, named);
    return named;
  }
}

function nameTools(language: CodeLanguage, all: readonly ToolSummary[]): NamedTools {
  const placed = placeTools(all, { reserved: language === "python" ? PYTHON_RESERVED : JAVASCRIPT_RESERVED });
  const spelled = placed.flatMap(({ name, identifier, namespace, member }): [string, string][] => [
    ...(namespace === undefined ? [] : [[`${namespace}.${member}`, name] as [string, string]]),
    ...(identifier === undefined ? [] : [[identifier, name] as [string, string]]),
  ]);
  return { all, tools: new Map(placed.map((it) => [it.name, it])), list: placed, spelled: new Map(spelled) };
}

/** Bounds of what a run calls. */
export interface ToolboxLimits {
  /** Tells whether the run reaches a tool. */
  reaches(name: string): boolean;
  /** Most calls. */
  readonly calls: number;
}

/** Makes the toolbox of a run: it has no tool but those that the run reaches, and counts their calls. */
export function limitToolbox(toolbox: Toolbox, { reaches, calls: most }: ToolboxLimits): Toolbox {
  let calls = 0;
  return {
    get version() {
      return toolbox.version;
    },
    list: (call) => toolbox.list(call).filter(({ name }) => reaches(name)),
    get: (name) => reaches(name) ? toolbox.get(name) : undefined,
    async call(name, args, parent) {
      if (!reaches(name)) {
        throw new ToolError(`Cannot call tool "${name}": it is not among the tools that the code was given`);
      }
      if (++calls > most) {
        throw new ToolError(`Cannot call tool "${name}": ${most} calls were made, which is the limit of a run`);
      }
      return await toolbox.call(name, args, parent);
    },
    explainMissing: (explain) => toolbox.explainMissing(explain),
  };
}
