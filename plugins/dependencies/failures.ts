/**
 * Says why packages were not installed, for whoever asked for them.
 *
 * @module
 */
import { isKernelError, isToolError, ToolError } from "../../kernel/mod.ts";
import { InstallFailure } from "./commands.ts";
import type { PackageSet } from "./contract.ts";
import { TITLES } from "./runtimes.ts";

// what uv, pip and npm say of packages for which there is nothing but source
const BUILT_REGEXP = /no-build|only-binary|source distribution|from versions: none/i;

/** Names a set, for people. */
export function nameSet({ language, packages }: Pick<PackageSet, "language" | "packages">): string {
  if (packages.length === 0) return `an environment of ${TITLES[language]}`;
  const [first, rest] = [packages.slice(0, 8), packages.length - 8];
  return `${first.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** Says whose installation failed, of what, and what to do where that is known; other errors are left as they are. */
export function describeFailure(
  error: unknown,
  { set, owner, isOffline }: { readonly set: PackageSet; readonly owner: string; readonly isOffline: boolean },
): unknown {
  const isFailure = error instanceof InstallFailure;
  if (!isFailure && !(isKernelError(error) && error.code === "PROCESS_UNSTARTED")) return error;
  const notes = [
    ...(isOffline ? ["This server is offline: it installs only what its caches have."] : []),
    ...(isFailure && BUILT_REGEXP.test(error.output) && set.allow?.installScripts !== true
      ? [
        "Packages that come as source run code of their own at installation, which has to be granted (install_scripts).",
      ]
      : []),
  ];
  const message = `Cannot install the packages of "${owner}" (${nameSet(set)}): ${error.message}`;
  return new ToolError([message, ...notes].join("\n"), { cause: error });
}

/** Makes the failure of one who waited too long; others may wait on. */
export function describeLateness(timeoutMs: number, last: string): InstallFailure {
  return new InstallFailure(
    `the installation took longer than ${timeoutMs / 1000} s${last === "" ? "" : `, at "${last}"`}`,
  );
}

/** Gives what is to be thrown where a signal has aborted. */
export function reasonOf({ reason }: AbortSignal): unknown {
  return isToolError(reason) ? reason : new ToolError("Cancelled by the client");
}
