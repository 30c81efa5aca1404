/**
 * The tools of loaded skills in the kernel's registry: those that are enabled, as the skills' own registry has them.
 *
 * @module
 */
import {
  type AnyTool,
  type Call,
  isKernelError,
  type JsonObject,
  type Log,
  type Registration,
  type ToolAnnotations,
  type ToolResult,
} from "../../../kernel/mod.ts";
import type { RegisteredTool, ToolRegistry } from "../catalog/registry.ts";
import type { Diagnostic } from "../format/diagnostics.ts";

/** What {@linkcode OfferedTools} works with. */
export interface OfferedToolsOptions {
  readonly registry: Pick<ToolRegistry, "get" | "list" | "onChange">;
  /** Registers a tool with the kernel. */
  tool(definition: AnyTool): Registration<AnyTool>;
  /** Runs a tool by name. */
  run(name: string, args: JsonObject, call: Call): Promise<ToolResult>;
  readonly log: Log;
}

/** Why a tool is not offered, and of which skill it is. */
export interface OfferDiagnostic extends Diagnostic {
  readonly skill: string;
  readonly tool: string;
}

/** A tool that is offered. */
interface Offered {
  readonly registration: Registration<AnyTool>;
  /** What clients see of it. */
  readonly listed: string;
}

/** Offers the enabled tools of a registry, from when it is made until it is closed. */
export class OfferedTools {
  readonly #options: OfferedToolsOptions;
  readonly #offered = new Map<string, Offered>();
  readonly #held = new Map<string, OfferDiagnostic>();
  readonly #stop: () => void;

  constructor(options: OfferedToolsOptions) {
    this.#options = options;
    const { registry } = options;
    for (const { name } of registry.list()) this.#mirror(name);
    this.#stop = registry.onChange(({ added, removed, changed }) => {
      // a name that one skill gives up may be another's
      for (const names of [removed, changed, added]) for (const name of names) this.#mirror(name);
    });
  }

  /** Says which tools are held back, and why; sorted by tool. */
  diagnostics(): readonly OfferDiagnostic[] {
    return [...this.#held.values()].sort((a, b) => a.tool < b.tool ? -1 : 1);
  }

  /** Offers what is held back once more: a name that was taken may be free. */
  retry(): void {
    for (const name of [...this.#held.keys()]) this.#mirror(name);
  }

  /** Takes all of them away. */
  async close(): Promise<void> {
    this.#stop();
    this.#held.clear();
    const offered = [...this.#offered.values()];
    this.#offered.clear();
    await Promise.all(offered.map(({ registration }) => registration.dispose()));
  }

  /** Makes one name what the registry has under it; nothing else is looked at. */
  #mirror(name: string): void {
    const tool = this.#options.registry.get(name);
    if (tool?.enabled === true) this.#offer(tool);
    else this.#withdraw(name);
  }

  #offer(tool: RegisteredTool): void {
    const { name } = tool;
    const definition = this.#definitionOf(tool);
    const listed = JSON.stringify(definition);
    const offered = this.#offered.get(name);
    if (offered?.listed === listed) return;
    try {
      const registration = offered?.registration ?? this.#options.tool(definition);
      offered?.registration.update(definition);
      this.#offered.set(name, { registration, listed });
      this.#held.delete(name);
    } catch (thrown) {
      if (!isKernelError(thrown)) throw thrown;
      // what it was before is not what its skill says now
      this.#withdraw(name);
      this.#hold(tool, thrown.message);
    }
  }

  #withdraw(name: string): void {
    this.#held.delete(name);
    const offered = this.#offered.get(name);
    this.#offered.delete(name);
    void offered?.registration.dispose();
  }

  #hold({ name, skillName, declaration }: RegisteredTool, reason: string): void {
    const isKnown = this.#held.has(name);
    this.#held.set(name, {
      severity: "error",
      file: "SKILL.md",
      rule: "tool-not-offered",
      message: reason,
      remedy: `Rename tool "${declaration.name}", or remove what has its name`,
      skill: skillName,
      tool: name,
    });
    if (!isKnown) this.#options.log.warn(`Tool "${name}" of skill "${skillName}" is not offered: ${reason}`);
  }

  #definitionOf(tool: RegisteredTool): AnyTool {
    const { name, annotations } = tool;
    // every field is there, so that an update leaves nothing of the definition before
    return {
      name,
      title: annotations.title,
      description: tool.description,
      input: tool.inputSchema,
      output: tool.outputSchema,
      // a stub says true: the tool that it stands for is there now
      annotations: { ...annotations, deferredHint: false } as ToolAnnotations,
      execution: tool.execution === "async" ? "async" : undefined,
      meta: metaOf(tool),
      run: (args: JsonObject, call: Call) => this.#options.run(name, args, call),
    } as AnyTool;
  }
}

function metaOf(tool: RegisteredTool): JsonObject {
  const { skillName, group, timeoutHintSecs, requiredCapabilities, declaration: { searchAliases } } = tool;
  return {
    dcc: {
      skill: skillName,
      ...(group !== "" && { group }),
      ...(timeoutHintSecs !== undefined && { timeoutHintSecs }),
      ...(tool.execution === "async" && { deferred_hint: true }),
      ...(requiredCapabilities.length > 0 && { required_capabilities: requiredCapabilities }),
      ...(searchAliases.length > 0 && { searchAliases }),
    },
  };
}
