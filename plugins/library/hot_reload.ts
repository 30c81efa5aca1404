/**
 * Hot reload: changes that anyone makes in the folder of tools are taken over while the server runs.
 *
 * Every server watches for itself, also where several share one folder: each has its own clients to tell.
 *
 * @module
 */
import { type Disposer, type Folder, type Log, messageOf } from "../../kernel/mod.ts";
import { isLeftOut } from "./last_good.ts";

/** Milliseconds over which changes are gathered, as in skillz. */
const DEBOUNCE_MS = 500;

/** Names of tools that changed. */
export interface ToolChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What watching the tools needs. */
export interface HotReloadOptions {
  /** Takes over what is now in the folders of some tools. */
  reload(folders: ReadonlySet<string>): Promise<ToolChanges>;
  readonly log: Log;
}

/** Watches the folder of all tools, which need not exist yet; the disposer ends that. */
export function watchTools(tools: Folder, { reload, log }: HotReloadOptions): Disposer {
  const onChange = async (paths: readonly string[]): Promise<void> => {
    try {
      const changes = await reload(new Set(paths.map((path) => path.split("/")[0]!)));
      const facts = Object.entries(changes).filter(([, names]) => names.length > 0);
      if (facts.length === 0) return;
      log.info(
        "Took over changes of the tools",
        Object.fromEntries(facts.map(([what, names]) => [what, names.join(" ")])),
      );
    } catch (error) {
      log.warn(`Cannot take over changes of the tools: ${messageOf(error)}`);
    }
  };
  return tools.watch(".", (paths) => void onChange(paths), { debounceMs: DEBOUNCE_MS, ignores: isLeftOut });
}

/** A tool of a folder; another object when it was loaded anew. */
interface Loaded {
  readonly name: string;
  readonly folder: string;
}

/** Tells which tools came, were loaded anew and went. */
export function compareTools(before: readonly Loaded[], after: readonly Loaded[]): ToolChanges {
  const old = new Map(before.map((it) => [it.folder, it]));
  const present = new Set(after.map((it) => it.folder));
  const names = (tools: readonly Loaded[]) => tools.map((it) => it.name);
  return {
    added: names(after.filter((it) => !old.has(it.folder))),
    changed: names(after.filter((it) => old.has(it.folder) && old.get(it.folder) !== it)),
    removed: names(before.filter((it) => !present.has(it.folder))),
  };
}
