/**
 * Installs sets of packages, each once: the contract `Dependencies`.
 *
 * @module
 */
import {
  type Disposer,
  type Environment,
  type Files,
  type Log,
  type Processes,
  SharedWork,
  ToolError,
} from "../../kernel/mod.ts";
import type { Sandbox } from "../sandbox/contract.ts";
import { createRunner } from "./commands.ts";
import {
  type DeclaredPackages,
  type Dependencies,
  type EnvironmentEntry,
  type InstalledPackages,
  type InstallOptions,
  PACKAGE_LANGUAGES,
  type PackageLanguage,
  type PackageSet,
} from "./contract.ts";
import { denoInstaller } from "./deno.ts";
import { Environments, keyOf, type StagedEnvironment } from "./environments.ts";
import { describeFailure, describeLateness, nameSet, reasonOf } from "./failures.ts";
import { readInlineMetadata } from "./inline_metadata.ts";
import { type Installer, LONGEST_LOCK, type PackageJob, type Runtime } from "./installer.ts";
import { installerVariables } from "./installer_environment.ts";
import { nodeInstaller } from "./node.ts";
import { pythonInstaller } from "./python.ts";
import { rubyInstaller } from "./ruby.ts";
import { surroundingsOf } from "./surroundings.ts";
import { Runtimes } from "./runtimes.ts";
import { normalizePackages } from "./words.ts";

/** What {@linkcode Installations} works with. */
export interface InstallationOptions {
  readonly home: Files;
  readonly sandbox: Sandbox;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly log: Log;
  /** Time limit of one installation, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether only what is cached may be installed. */
  readonly isOffline: boolean;
  /** Names of variables that installers get beside the usual ones. */
  readonly variables: readonly string[];
}

/** A set that was checked, with the interpreter it is for. */
interface CheckedSet extends PackageSet {
  readonly runtime: Runtime;
  /** Names the set without its lock. */
  readonly setKey: string;
}

/** Installs packages. */
export class Installations implements Omit<Dependencies, "merge" | "project"> {
  readonly #options: InstallationOptions;
  readonly #environments: Environments;
  readonly #installers: Readonly<Record<PackageLanguage, Installer>>;
  readonly #work = new SharedWork<InstalledPackages>();
  /** What was found installed by this server, by set. */
  readonly #ready = new Map<string, InstalledPackages>();

  constructor(options: InstallationOptions) {
    const { home, processes, environment, sandbox } = options;
    const runtimes = new Runtimes({ processes, environment, sandbox });
    this.#options = options;
    this.#environments = new Environments(home);
    this.#installers = {
      python: pythonInstaller({ runtimes, processes, environment }),
      node: nodeInstaller({ runtimes, processes }),
      deno: denoInstaller({ runtimes }),
      ruby: rubyInstaller({ runtimes }),
    };
  }

  get isOffline(): boolean {
    return this.#options.isOffline;
  }

  /** Removes what servers that died left behind. */
  async cleanUp(): Promise<void> {
    await this.#environments.cleanUp();
  }

  /** Ends what is being installed. */
  async close(): Promise<void> {
    await this.#work.close();
  }

  check(set: PackageSet): Promise<void> {
    return Promise.resolve(set).then((it) => void this.#normalize(it));
  }

  declared(language: PackageLanguage, source: string): Promise<DeclaredPackages> {
    return Promise.resolve(source).then((it) => language === "python" ? readInlineMetadata(it) : { packages: [] });
  }

  async install(set: PackageSet, options: InstallOptions): Promise<InstalledPackages> {
    const { call, owner, reinstall = false, timeoutMs } = options;
    const normal = this.#normalize(set);
    const id = JSON.stringify(normal);
    const ready = reinstall ? undefined : await this.#readyAt(id, normal.language);
    if (ready !== undefined) return ready;
    const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    let lines = 0;
    let last = "";
    const waiter = {
      signal: late === undefined ? call.signal : AbortSignal.any([call.signal, late]),
      report: (line: string) => {
        last = line;
        void call.progress(++lines, undefined, `${owner}: ${line}`).catch(() => {});
      },
    };
    try {
      const installed = await this.#work.join(`${reinstall} ${id}`, waiter, (signal, report) => {
        return this.#install(normal, { signal, report, reinstall });
      });
      this.#ready.set(id, installed);
      return installed;
    } catch (error) {
      if (call.signal.aborted) throw reasonOf(call.signal);
      const failure = late?.aborted === true ? describeLateness(timeoutMs!, last) : error;
      throw describeFailure(failure, { set: normal, owner, isOffline: this.#options.isOffline });
    }
  }

  async #readyAt(id: string, language: PackageLanguage): Promise<InstalledPackages | undefined> {
    const ready = this.#ready.get(id);
    if (ready === undefined || await this.#environments.has(language, ready.key)) return ready;
    this.#ready.delete(id);
    return undefined;
  }

  async find(set: PackageSet): Promise<InstalledPackages | undefined> {
    const checked = await this.#checked(this.#normalize(set));
    const lock = await this.#knownLock(checked);
    if (lock === undefined && checked.packages.length > 0) return undefined;
    return await this.#found(checked, lock);
  }

  async list(): Promise<readonly EnvironmentEntry[]> {
    return await this.#environments.list();
  }

  async remove(key: string): Promise<boolean> {
    return await this.#environments.remove(key);
  }

  #normalize(set: PackageSet): PackageSet {
    const { language, requires, interpreter, lock, allow = {}, optional = [] } = set;
    if (!PACKAGE_LANGUAGES.includes(language)) {
      throw new ToolError(
        `Cannot install packages of "${language}": packages are installed for ${PACKAGE_LANGUAGES.join(", ")}`,
      );
    }
    const packages = normalizePackages(set);
    const normal = { language, packages, requires, interpreter, allow, optional: [...new Set(optional)].sort() };
    if (lock === undefined) return normal;
    if (lock.length > LONGEST_LOCK) throw new ToolError(`Cannot install by the lock: it has ${lock.length} characters`);
    return { ...normal, lock: this.#installers[language].readLock(lock, { packages, allow }) };
  }

  async #checked(set: PackageSet): Promise<CheckedSet> {
    const { language, packages, requires, allow, optional = [] } = set;
    const runtime = await this.#installers[language].findRuntime(set);
    // for what an interpreter links to, its path matters as well, and whether that is another in the sandbox
    const place = language === "python"
      ? `${runtime.program}${await this.#options.sandbox.canMove() ? " moved" : ""}`
      : "";
    const allowed = [allow?.direct === true, allow?.installScripts === true];
    const content = [language, packages, requires, allowed, runtime.id, place];
    // sets that have none are named as they were before there were any
    return { ...set, runtime, setKey: await keyOf(optional.length > 0 ? [...content, optional] : content) };
  }

  async #knownLock({ language, lock, setKey }: CheckedSet): Promise<string | undefined> {
    return lock ?? await this.#environments.readResolved(language, setKey);
  }

  async #found(set: CheckedSet, lock: string | undefined): Promise<InstalledPackages | undefined> {
    const { language, packages, setKey } = set;
    const key = await keyOf([setKey, lock]);
    if (!await this.#environments.has(language, key)) return undefined;
    const path = await this.#environments.path(language, key);
    return {
      key,
      lock,
      path,
      program: set.runtime.program,
      ...this.#installers[language].describe({ path, packages }),
    };
  }

  async #install(set: PackageSet, options: WorkOptions): Promise<InstalledPackages> {
    const { signal, report, reinstall } = options;
    const checked = await this.#checked(set);
    const release = await this.#lock(checked, signal);
    try {
      let lock = reinstall ? set.lock : await this.#knownLock(checked);
      const isDecided = lock !== undefined || checked.packages.length === 0;
      const found = isDecided && !reinstall ? await this.#found(checked, lock) : undefined;
      if (found !== undefined) return found;
      report(`installing ${nameSet(set)}`);
      const staged = await this.#environments.stage();
      try {
        const job = await this.#job(checked, { ...options, staged });
        if (!isDecided) lock = await this.#decide(job, checked.language);
        const same = reinstall ? undefined : await this.#found(checked, lock);
        if (same === undefined) await this.#perform(checked, { job, lock, staged });
        if (set.lock === undefined && lock !== undefined) {
          await this.#environments.writeResolved(checked.language, checked.setKey, lock);
        }
        return same ?? await this.#found(checked, lock) ?? unreachable();
      } finally {
        await staged.discard();
      }
    } finally {
      await release();
    }
  }

  // as a lock that is given comes in: equal locks are equal texts
  async #decide(job: PackageJob, language: PackageLanguage): Promise<string> {
    const installer = this.#installers[language];
    return installer.readLock(await installer.resolve(job), job);
  }

  async #perform(
    { language, packages, requires, runtime, setKey }: CheckedSet,
    { job, lock, staged }: {
      readonly job: PackageJob;
      readonly lock: string | undefined;
      readonly staged: StagedEnvironment;
    },
  ): Promise<void> {
    const start = Date.now();
    await this.#installers[language].install(job, lock);
    const key = await keyOf([setKey, lock]);
    await this.#environments.keep(staged, { key, language, packages, requires, runtime: runtime.title, lock });
    this.#options.log.info(`Installed ${nameSet({ language, packages })} for ${runtime.title}`, {
      key,
      ms: Date.now() - start,
    });
  }

  async #job(
    { language, packages, optional = [], allow = {}, runtime }: CheckedSet,
    { signal, report, staged }: WorkOptions & { readonly staged: StagedEnvironment },
  ): Promise<PackageJob> {
    const { home, sandbox, environment, timeoutMs, isOffline, variables } = this.#options;
    const job = {
      ...{ packages, optional, allow, runtime, isOffline },
      ...{ folder: staged.folder, path: staged.path },
      ...await this.#environments.cache(),
    };
    const confine = await surroundingsOf({
      ...{ sandbox, files: home, environment, language, job },
      variables: installerVariables(language, environment, variables),
    });
    return { ...job, run: createRunner({ confine, signal, timeoutMs, report }) };
  }

  async #lock({ setKey }: CheckedSet, signal: AbortSignal): Promise<Disposer> {
    return await this.#options.home.lock(`environment-${setKey}`, { signal });
  }
}

interface WorkOptions {
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
  readonly reinstall: boolean;
}

function unreachable(): never {
  throw new Error("an installation was kept and is not there");
}
