/**
 * What is answered when a compiler is not there.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { Language, MissingToolchain } from "./compiler.ts";

/** Makes the error of a missing compiler: what is missing, what installs it, and what can be built all the same. */
export function missingError(name: string, missing: MissingToolchain, available: readonly Language[]): ToolError {
  const { language, commands, message } = missing;
  const install = commands.length === 0
    ? ""
    : `\n\nTo install it on this machine:\n${commands.map((it) => `- ${it}`).join("\n")}`;
  const others = available.length === 0 ? "Nothing can be built here." : `Available now: ${available.join(", ")}.`;
  return new ToolError(`Cannot build "${name}" from ${language}: ${message}${install}\n\n${others}`, {
    data: { language, missing: message, commands: [...commands], available: [...available] },
    cause: missing,
  });
}
