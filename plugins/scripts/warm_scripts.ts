/**
 * Scripts on interpreters that already wait for one, each in the sandbox that the script asks for.
 *
 * @module
 */
import type { Files } from "../../kernel/mod.ts";
import type { ConfinedCommand, ConfinedProcess, Confinement, Mount, Sandbox } from "../sandbox/contract.ts";
import type { ShippedFiles } from "./shipped_files.ts";
import { bootFiles, canWait, Pool, type PoolOptions, warmCommand, type WarmFile, type WarmHeader } from "./warm/mod.ts";

/** Where the boots are seen, if mounts can be moved. */
const BOOTS_INSIDE = "/boots";

/** A program with its words and variables, as they are called inside. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A script that can be run by an interpreter that waits. */
export interface WarmLaunch {
  /** Names all interpreters that would do. */
  readonly key: string;
  readonly header: WarmHeader;
  /** Whether the header may have words for the script: Deno is started with them. */
  readonly takesWords: boolean;
  /** Starts one more. */
  start(): Promise<ConfinedProcess>;
}

/** A script, as far as waiting interpreters go. */
export interface WarmScript {
  readonly language: string;
  /** What the script sees, beside its own folder. */
  readonly confinement: Confinement;
  /** Its own folder. */
  readonly own: Mount;
  /** The script, and its folder, as they are called inside. */
  readonly file: string;
  readonly folderInside: string;
  /** How it would be started otherwise. */
  readonly line: CommandLine;
  readonly cwd: string | undefined;
  /** What it is held to. */
  readonly held: Pick<ConfinedCommand, "memoryBytes" | "cpuSeconds" | "processes" | "timeoutMs" | "outputLimit">;
  /** What is in its folder, if it can be sent. */
  readonly files: Readonly<Record<string, WarmFile>> | undefined;
  /** Another text when its folder was changed: what waits may see the one that it took the place of. */
  readonly fingerprint: string;
}

/** What {@linkcode WarmScripts} works with. */
export interface WarmScriptsOptions extends PoolOptions {
  readonly home: Files;
  readonly sandbox: Sandbox;
}

/** Knows which scripts can be run by interpreters that wait, and keeps these. */
export class WarmScripts {
  readonly #options: WarmScriptsOptions;
  readonly #boots: ShippedFiles;
  readonly #pool: Pool<ConfinedProcess>;

  constructor(options: WarmScriptsOptions) {
    this.#options = options;
    this.#boots = bootFiles(options.home);
    this.#pool = new Pool(options);
  }

  /** Says how a script is run by an interpreter that waits; `undefined` when it cannot be. */
  async ready(
    { language, confinement, own, file, folderInside, line, cwd, held, files, fingerprint }: WarmScript,
  ): Promise<
    WarmLaunch | undefined
  > {
    const { sandbox } = this.#options;
    const args = line.args.slice(0, -1);
    if (!canWait(language, args)) return undefined;
    const boots: Mount = { from: await this.#boots.folder(), to: BOOTS_INSIDE };
    const { mounts = [], ...rest } = confinement;
    const isSent = files !== undefined;
    const folders = isSent ? [folderInside.slice(0, folderInside.lastIndexOf("/"))] : [];
    const around = { ...rest, folders, mounts: [boots, ...(isSent ? [] : [own]), ...mounts] };
    const confined = await sandbox.confine(around);
    const command = (home: string) =>
      warmCommand(language, { boots: confined.path(boots.from), home, file, args, env: line.env, hasFiles: isSent });
    const { env, late, revoke } = command("");
    return {
      key: JSON.stringify([line.program, command("").args, env, around, held, isSent ? "" : fingerprint]),
      takesWords: language !== "deno",
      header: {
        file,
        env: late,
        ...(cwd !== undefined && { cwd }),
        ...(revoke.length > 0 && { revoke }),
        ...(isSent && {
          files: Object.fromEntries(Object.entries(files).map(([path, file]) => [`${folderInside}/${path}`, file])),
        }),
      },
      start: () =>
        confined.spawn({
          ...held,
          program: line.program,
          args: (home) => command(home).args,
          env,
        }),
    };
  }

  /** Hands out an interpreter that becomes the script; `undefined` when none waits. */
  take({ key, start, header }: WarmLaunch): ConfinedProcess | undefined {
    return this.#pool.take(key, start, header);
  }

  /** Ends all that wait. */
  async close(): Promise<void> {
    await this.#pool.close();
  }
}
