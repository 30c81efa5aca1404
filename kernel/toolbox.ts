/**
 * The contract `Toolbox` over a kernel's registry: how plugins list and call the tools of others.
 *
 * @module
 */
import type { Call } from "./call.ts";
import type { JsonObject, ToolResult } from "./content.ts";
import type { Toolbox, ToolSummary } from "./contracts.ts";
import { isKernelError, ToolError } from "./errors.ts";
import type { ToolEntry } from "./items.ts";
import type { Kernel } from "./kernel.ts";
import { didYouMean } from "./near_names.ts";
import { assertNestable } from "./nesting.ts";

/** Makes the toolbox of a kernel. */
export function createToolbox(kernel: Kernel): Toolbox {
  return {
    get version() {
      return kernel.tools.version;
    },
    list(call) {
      const view = call === undefined ? undefined : kernel.view(call);
      return kernel.tools.entries()
        .filter(({ key, owner }) => view?.has("tool", key, owner) ?? true)
        .map((entry) => summarize(entry, kernel))
        .filter((it) => it !== undefined);
    },
    get(name) {
      const entry = kernel.tools.get(name);
      return entry && summarize(entry, kernel);
    },
    call: (name, args, parent) => callNested(kernel, { name, args, parent }),
    explainMissing: (explain) => kernel.missingTools.add(explain),
  };
}

interface NestedCall {
  readonly name: string;
  readonly args: unknown;
  readonly parent: Call;
}

async function callNested(kernel: Kernel, { name, args, parent }: NestedCall): Promise<ToolResult> {
  if (!kernel.tools.get(name)) throw new ToolError(describeMissing(kernel, name));
  assertNestable(name, { verb: "call", name, parent });
  return await kernel.call(name, args, parent);
}

function describeMissing(kernel: Kernel, name: string): string {
  return kernel.missingTools.explain(name) ??
    `Unknown tool "${name}"${didYouMean(name, kernel.tools.entries().map((it) => it.key))}`;
}

function summarize({ key, owner, definition, compiled }: ToolEntry, kernel: Kernel): ToolSummary | undefined {
  try {
    return {
      name: key,
      owner,
      title: definition.title,
      description: definition.description,
      inputSchema: compiled.input.jsonSchema,
      outputSchema: compiled.output?.jsonSchema as JsonObject | undefined,
      annotations: definition.annotations,
      meta: definition.meta,
      execution: definition.execution,
    };
  } catch (thrown) {
    if (!isKernelError(thrown)) throw thrown;
    // one schema that cannot be shown must not hide the other tools
    kernel.log.error(thrown.message, { plugin: owner });
    return undefined;
  }
}
