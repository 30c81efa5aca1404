/**
 * Finds the engine of this machine.
 *
 * @module
 */
import { type Environment, type Processes, SharedWork, ToolError } from "../../../kernel/mod.ts";
import { Engine, type EngineKind, titleOf } from "./engine.ts";
import { remedyForAway, shownWords } from "./failures.ts";

/** What {@linkcode Engines} work with. */
export interface EnginesOptions {
  /** The engine to use; `auto` for Docker where it answers, else Podman. */
  readonly wanted: "auto" | EngineKind;
  /** Address of its daemon; what the server's environment says by default. */
  readonly host: string | undefined;
  readonly processes: Processes;
  readonly environment: Environment;
}

// where the daemon is, how it is spoken to, and what both need of a user's session
const VARIABLES: Readonly<Record<EngineKind, readonly string[]>> = {
  docker: [
    ...["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"],
    ...["DOCKER_API_VERSION", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK"],
  ],
  podman: [
    ...["CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "REGISTRY_AUTH_FILE"],
    ...["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK"],
    // Podman itself fetches images, where Docker's daemon does
    ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ],
};
const HOST_VARIABLE: Readonly<Record<EngineKind, string>> = { docker: "DOCKER_HOST", podman: "CONTAINER_HOST" };
const VERSION_FORMAT: Readonly<Record<EngineKind, string>> = {
  docker: "{{.Server.Version}}",
  podman: "{{.Client.Version}}",
};
const PROBE_MS = 15_000;

/** Looks for the engine when it is first needed, and again once its daemon has gone away. */
export class Engines {
  readonly #options: EnginesOptions;
  readonly #search = new SharedWork<Engine>();
  #found: Engine | undefined;

  constructor(options: EnginesOptions) {
    this.#options = options;
  }

  /**
   * Gives the engine.
   *
   * @throws {ToolError} telling what was looked for, what was found, and what to do.
   * @throws the reason of `signal` when it aborts.
   */
  async get(signal: AbortSignal): Promise<Engine> {
    if (this.#found !== undefined) return this.#found;
    return await this.#search.join("engine", { signal, report: () => {} }, async (shared) => {
      this.#found = await this.#find(shared);
      return this.#found;
    });
  }

  /** Ends a search that goes on. */
  async close(): Promise<void> {
    await this.#search.close();
  }

  async #find(signal: AbortSignal): Promise<Engine> {
    const { wanted } = this.#options;
    const problems: string[] = [];
    for (const kind of wanted === "auto" ? ["docker", "podman"] as const : [wanted]) {
      const found = await this.#probe(kind, signal);
      if (typeof found !== "string") return found;
      problems.push(found);
    }
    throw new ToolError(`Cannot use containers: ${problems.join("; ")}`);
  }

  /** Gives an engine that answers, or says why there is none. */
  async #probe(kind: EngineKind, signal: AbortSignal): Promise<Engine | string> {
    const { processes, environment } = this.#options;
    const title = titleOf(kind);
    const program = await processes.which(kind);
    if (program === undefined) return `${title} is not installed (no \`${kind}\` in PATH): install it`;
    const env = this.#variables(kind);
    const cwd = environment.home;
    const result = await processes.run({
      ...{ program, args: ["version", "--format", VERSION_FORMAT[kind]], env, cwd, signal, timeoutMs: PROBE_MS },
    });
    signal.throwIfAborted();
    const version = result.stdout.trim();
    if (result.code === 0 && version !== "") {
      const onAway = () => void (this.#found = undefined);
      return new Engine({ kind, program, version, env, cwd, processes, onAway });
    }
    const words = result.ended === "timeout" ? `no answer within ${PROBE_MS / 1_000} s` : shownWords(result.stderr);
    return `${title} is at ${program}, but its daemon does not answer (${words}): ${
      remedyForAway(kind, result.stderr)
    }`;
  }

  #variables(kind: EngineKind): Readonly<Record<string, string>> {
    const { environment, host } = this.#options;
    const entries = VARIABLES[kind].map((name) => [name, environment.variable(name)] as const);
    const found = Object.fromEntries(entries.filter((it): it is readonly [string, string] => it[1] !== undefined));
    return host === undefined ? found : { ...found, [HOST_VARIABLE[kind]]: host };
  }
}
