/**
 * The sandbox of a server: it confines by the mechanism that was chosen, or leaves commands as they are.
 *
 * @module
 */
import type { Environment, Files, Log, Processes, Sockets } from "../../kernel/mod.ts";
import { type Bounds, Confiner } from "./confined.ts";
import { type Confined, type Confinement, type Mechanism, MECHANISMS, type Sandbox } from "./contract.ts";
import { DenoPermissions } from "./deno_permissions.ts";
import { OwnFiles } from "./files.ts";
import { MECHANISM_PROGRAMS } from "./mechanisms/mod.ts";
import { NetworkGate } from "./network/gate.ts";
import { Programs } from "./programs.ts";
import { seccompFilter } from "./seccomp/mod.ts";
import type { Mode } from "./modes.ts";
import { type Chosen, type Probed, Selection } from "./selection.ts";
import { Unconfined } from "./unconfined.ts";

/** How long a mechanism may take to start something that does nothing. */
const ATTEMPT_MS = 20_000;
const NO_SANDBOX = "No sandbox: none is installed on this machine, so scripts have all rights of this user; " +
  "install bubblewrap, or accept it with --sandbox off";
/** What a mechanism is tried with. */
const NOTHING = { program: "/bin/sh", args: ["-c", ":"] } as const;

/** What a {@linkcode Guard} works with. */
export interface GuardOptions {
  readonly mode: Mode;
  readonly hasNetwork: boolean;
  readonly bounds: Bounds;
  readonly files: Files;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly log: Log;
  readonly sockets: Sockets | undefined;
  /** Folder of the server's own files. */
  readonly serverFolder: string;
}

/** Confines by whatever was chosen. */
export class Guard implements Sandbox {
  readonly hasNetwork: boolean;
  readonly #options: GuardOptions;
  readonly #selection: Selection;
  readonly #own: OwnFiles;
  readonly #programs: Programs;
  readonly #gate: NetworkGate | undefined;
  readonly #confiners = new Map<Mechanism, Confiner>();
  readonly #unconfined: Unconfined;

  constructor(options: GuardOptions) {
    const { files, processes, environment, sockets, log, mode } = options;
    this.hasNetwork = options.hasNetwork;
    this.#options = options;
    this.#own = new OwnFiles(files);
    this.#programs = new Programs({ files, processes });
    this.#gate = sockets && new NetworkGate({ sockets, log });
    this.#unconfined = new Unconfined({ home: files, processes });
    this.#selection = new Selection({
      mode,
      environment,
      processes,
      mechanisms: MECHANISM_PROGRAMS,
      attempt: (chosen) => this.#attempt(chosen),
      onChosen: (chosen) => this.#announce(chosen),
    });
  }

  #announce(chosen: Chosen | "deno" | undefined): void {
    const { log, mode } = this.#options;
    if (chosen === undefined) {
      if (mode !== "off") log.warn(NO_SANDBOX);
    } else if (chosen === "deno") log.info("Sandbox: the permissions of Deno, for programs of Deno alone");
    else log.info(`Sandbox: ${chosen.mechanism.name} (${chosen.path})`);
  }

  async mechanism(): Promise<Mechanism | undefined> {
    const chosen = await this.#selection.choose();
    return typeof chosen === "object" ? chosen.mechanism.name : chosen;
  }

  async canMove(): Promise<boolean> {
    const chosen = await this.#selection.choose();
    return typeof chosen === "object" && chosen.mechanism.canMove;
  }

  async confine(confinement: Confinement): Promise<Confined> {
    const chosen = await this.#selection.choose();
    if (chosen === undefined) return await this.#unconfined.confine();
    const asked = { ...confinement, network: confinement.network ?? this.hasNetwork };
    if (chosen === "deno") return await new DenoPermissions(this.#options).confine(asked);
    return await this.#confiner(chosen).confine(asked);
  }

  /** What was asked for. */
  get mode(): Mode {
    return this.#options.mode;
  }

  /** Says whether a mechanism works on this machine; it is run once. */
  async probe(name: Mechanism): Promise<Probed> {
    return await this.#selection.probe(name);
  }

  /** Says what works on this machine. */
  async probeAll(): Promise<readonly Probed[]> {
    return await Promise.all(MECHANISMS.map((name) => this.probe(name)));
  }

  /** Ends the connections of what still runs. */
  async close(): Promise<void> {
    await this.#gate?.close();
  }

  #confiner(chosen: Chosen): Confiner {
    const { name } = chosen.mechanism;
    const known = this.#confiners.get(name) ?? this.#makeConfiner(chosen);
    this.#confiners.set(name, known);
    return known;
  }

  #makeConfiner(chosen: Chosen): Confiner {
    const { files, processes, environment, bounds, serverFolder } = this.#options;
    return new Confiner({
      ...{ chosen, files, processes, environment, bounds },
      own: this.#own,
      programs: this.#programs,
      hidden: [environment.userHome, environment.home, serverFolder],
      gate: this.#gate,
      filter: environment.architecture === "other" ? undefined : seccompFilter(environment.architecture),
    });
  }

  async #attempt(chosen: Chosen): Promise<void> {
    const confined = await this.#confiner(chosen).confine({ network: false });
    const process = await confined.spawn({ ...NOTHING, timeoutMs: ATTEMPT_MS });
    void process.end();
    const [stderr, { code, ended }] = await Promise.all([readAll(process.stderr), process.exited]);
    if (code === 0) return;
    throw new Error(stderr.trim().slice(-500) || (ended === "timeout" ? "it hangs" : `it ends with exit code ${code}`));
  }
}

async function readAll(stream: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of stream) text += piece;
  return text;
}
