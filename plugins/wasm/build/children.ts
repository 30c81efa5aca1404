/**
 * What children of this server are used for: compilers that are programs, and components.
 *
 * @module
 */
import { type Environment, type Files, Lazy, type OwnPackages, type Processes } from "../../../kernel/mod.ts";
import type { Dependencies } from "../../dependencies/contract.ts";
import { type Sandbox, Unconfined } from "../../sandbox/contract.ts";
import type { ComponentTranslator } from "../component/translator.ts";
import type { CompilerBounds, CompilerCommands } from "./commands.ts";
import { NpmToolchains } from "./npm_toolchains.ts";

/** The contracts that children are started through. */
export interface ChildrenContext {
  readonly files: Files;
  readonly environment: Environment;
  readonly processes: Processes;
  /** Without it they run as they are. */
  readonly sandbox: Sandbox | undefined;
  /** What installs packages; without it tools have none, and no compiler comes from npm. */
  readonly dependencies: Dependencies | undefined;
  /** Where what this program was installed with is found; without it nothing is bundled. */
  readonly packages: OwnPackages | undefined;
}

/** What starts children. */
export interface Children extends ChildrenContext {
  readonly sandbox: Sandbox;
  readonly commands: Lazy<CompilerCommands>;
  readonly toolchains: NpmToolchains | undefined;
  readonly translator: Lazy<ComponentTranslator> | undefined;
}

/** Makes what starts children, and starts none. */
export function createChildren(context: ChildrenContext, bounds: CompilerBounds): Children {
  const { files: home, environment, processes, dependencies } = context;
  const { sandbox = new Unconfined({ home, processes }) } = context;
  const toolchains = dependencies && new NpmToolchains({ dependencies, processes, environment });
  const commands = new Lazy(async () => {
    const { CompilerCommands } = await import("./commands.ts");
    return new CompilerCommands({ home, environment, sandbox, bounds, isOffline: dependencies?.isOffline ?? false });
  });
  const translator = toolchains && new Lazy(async () => {
    const { ComponentTranslator } = await import("../component/translator.ts");
    return new ComponentTranslator({ home, commands: await commands.get(), toolchains });
  });
  return { ...context, sandbox, commands, toolchains, translator };
}
