/**
 * Runs components in children, and hands all else on.
 *
 * @module
 */
import { type Call, type Lazy, ToolError } from "../../../kernel/mod.ts";
import type { ToolOutput } from "../../library/contract.ts";
import type { ConversationOptions } from "../../scripts/contract.ts";
import type { CodeOutcome, CodeRun } from "../contract.ts";
import type { ComponentRunner } from "../component/runner.ts";
import { conclude } from "./results.ts";
import type { Program, WasmRuntime } from "./runtime.ts";
import { Talk } from "./talk.ts";

/** What a {@linkcode ComponentRuntime} works with. */
export interface ComponentRuntimeOptions {
  /** Runs modules and bundles. */
  readonly others: WasmRuntime;
  readonly runner: Lazy<ComponentRunner>;
  readonly conversation: ConversationOptions;
}

/** Runs components, and what else there is. */
export class ComponentRuntime implements WasmRuntime {
  readonly #options: ComponentRuntimeOptions;
  readonly #over = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: ComponentRuntimeOptions) {
    this.#options = options;
  }

  run(program: Program, call: Call): Promise<ToolOutput> {
    return program.kind === "component" ? this.#runKept(program, call) : this.#options.others.run(program, call);
  }

  runCode(run: CodeRun, call: Call): Promise<CodeOutcome> {
    return this.#options.others.runCode(run, call);
  }

  async #runKept(program: Program, call: Call): Promise<ToolOutput> {
    const running = this.#run(program, call);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #run(program: Program, call: Call): Promise<ToolOutput> {
    const { name, memory } = program;
    const own = new AbortController();
    const onExcess = (reason: string) => own.abort(new ToolError(`Tool "${name}" was ended: ${reason}`));
    const talk = new Talk({ name, memory }, { conversation: this.#options.conversation, call, onExcess });
    const signal = AbortSignal.any([call.signal, own.signal, this.#over.signal]);
    try {
      const outcome = await (await this.#options.runner.get()).run(program, {
        signal,
        stderr: (text) => talk.stderr(text),
      });
      return await conclude(program, outcome, talk);
    } finally {
      await talk.end().catch(() => {});
    }
  }

  async close(): Promise<void> {
    this.#over.abort(new ToolError("Cancelled: the server is stopping"));
    await Promise.allSettled(this.#running);
    await this.#options.others.close();
  }
}
