/**
 * A skill server: a kernel with a catalog of skills, and a port.
 *
 * @module
 */
import { type Kernel, messageOf } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { ExtraPath, SkillSearch, SkillStatus } from "../catalog/catalog_options.ts";
import { SkillRuntimeError } from "../catalog/errors.ts";
import type { LoadSkillOptions } from "../catalog/loader.ts";
import type { SkillDetail, SkillSummary } from "../catalog/summary.ts";
import type { SkillAccess } from "./skill_access.ts";

/** An open port. */
interface OpenPort {
  readonly port: number;
  /** Takes no more connections, and resolves when the requests that are open have ended. */
  close(): Promise<void>;
}

/** The HTTP app of a kernel. */
interface ServerApp {
  fetch(request: Request): Response | Promise<Response>;
  /** Ends streams, sessions and parked calls. */
  close(): Promise<void>;
}

/** What an {@linkcode McpHttpServer} is made of. */
export interface SkillServerParts {
  /** Is started. */
  readonly kernel: Kernel;
  readonly access: SkillAccess;
  readonly app: ServerApp;
  readonly name: string;
  readonly host: string;
  readonly endpointPath: string;
  /**
   * Opens the port.
   *
   * @throws when it cannot be.
   */
  listen(): Promise<OpenPort>;
}

/** How long answers may take to leave once the server is shut down. */
const DRAIN_MS = 500;

/** A running server. */
export interface McpServerHandle extends AsyncDisposable {
  /** The port that is open; the one that was taken where 0 was asked for. */
  readonly port: number;
  /** Address and port, such as `127.0.0.1:8765`. */
  readonly bindAddr: string;
  /** Gives the address for clients, such as `http://127.0.0.1:8765/mcp`. */
  mcpUrl(): string;
  /** Ends streams and sessions, then the server with all that it has started; resolves when they are gone. */
  shutdown(): Promise<void>;
  /** Begins to shut down, and does not wait. */
  signalShutdown(): void;
}

/**
 * A server of skills over Streamable HTTP. Its skills are discovered, none is loaded, and no port is open before
 * {@linkcode McpHttpServer.start}.
 */
export class McpHttpServer implements AsyncDisposable {
  /** What the server calls itself. */
  readonly name: string;
  /** The kernel, for those who add plugins of their own. */
  readonly kernel: Kernel;
  /** The skills. */
  readonly catalog: SkillCatalog;
  readonly #parts: SkillServerParts;
  #handle: Promise<McpServerHandle> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: SkillServerParts) {
    this.name = parts.name;
    this.kernel = parts.kernel;
    this.catalog = parts.access.catalog;
    this.#parts = parts;
  }

  /**
   * Opens the port; once, however often it is called.
   *
   * @throws {SkillRuntimeError} `PORT_UNAVAILABLE` when the port is taken or may not be used, and once the server was shut
   * down.
   */
  async start(): Promise<McpServerHandle> {
    if (this.#closing !== undefined) {
      throw new SkillRuntimeError(
        "PORT_UNAVAILABLE",
        `Cannot start "${this.name}": it was shut down; make another server`,
      );
    }
    const handle = this.#handle ??= this.#open();
    try {
      return await handle;
    } catch (error) {
      this.#handle = undefined;
      throw new SkillRuntimeError("PORT_UNAVAILABLE", messageOf(error), { cause: error });
    }
  }

  async #open(): Promise<McpServerHandle> {
    const { host, endpointPath, listen } = this.#parts;
    const opened = await listen();
    const bindAddr = `${host.includes(":") ? `[${host}]` : host}:${opened.port}`;
    const shutdown = () => this.#close(opened);
    return {
      port: opened.port,
      bindAddr,
      mcpUrl: () => `http://${bindAddr}${endpointPath}`,
      shutdown,
      signalShutdown: () => void shutdown().catch((error) => this.kernel.log.error("Cannot shut down", { error })),
      [Symbol.asyncDispose]: shutdown,
    };
  }

  /**
   * Looks at all folders again, and at more ones from now on; what a skill that is known calls itself stays its own.
   *
   * @param extraPaths Folders of skills, after those that are known; `~` allowed.
   * @param dccName The application whose variables and platform folder count as well.
   * @returns how many names are new.
   */
  discover(extraPaths?: readonly ExtraPath[] | null, dccName?: string | null): Promise<number> {
    return this.#parts.access.discover(extraPaths ?? [], dccName ?? undefined);
  }

  /** Loads a skill, as {@linkcode SkillCatalog.loadSkill} does: its tools are offered at once. */
  loadSkill(name: string, options?: LoadSkillOptions): Promise<string[]> {
    return this.catalog.loadSkill(name, options);
  }

  /** Unloads a skill, as {@linkcode SkillCatalog.unloadSkill} does. */
  unloadSkill(name: string): Promise<number> {
    return this.catalog.unloadSkill(name);
  }

  /** Finds skills, best first, as {@linkcode SkillCatalog.searchSkills} does. */
  searchSkills(search?: SkillSearch | null): SkillSummary[] {
    return this.catalog.searchSkills(search);
  }

  /** Lists skills, sorted by name. */
  listSkills(status?: SkillStatus | null): SkillSummary[] {
    return this.catalog.listSkills(status);
  }

  /** Gives all that is known of a skill, as plain JSON; `null` when it is not known. */
  getSkillInfo(name: string): SkillDetail | null {
    return this.catalog.getSkillInfo(name);
  }

  /** Tells whether a skill is loaded. */
  isLoaded(name: string): boolean {
    return this.catalog.isLoaded(name);
  }

  /** Gives the number of loaded skills. */
  loadedCount(): number {
    return this.catalog.loadedCount();
  }

  /** Answers a request, for a host that has a port of its own; nothing needs to be started. */
  fetch(request: Request): Response | Promise<Response> {
    return this.#parts.app.fetch(request);
  }

  /** Ends the server with all that it has started, whether a port is open or not; resolves when they are gone. */
  async close(): Promise<void> {
    const handle = await this.#handle?.catch(() => undefined);
    await (handle?.shutdown() ?? this.#close());
  }

  #close(opened?: OpenPort): Promise<void> {
    return this.#closing ??= this.#end(opened);
  }

  async #end(opened?: OpenPort): Promise<void> {
    const drained = opened?.close();
    try {
      await this.#parts.app.close();
    } finally {
      await this.kernel.stop();
    }
    // a client that holds its connection open must not keep the server
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([drained, new Promise((resolve) => timer = setTimeout(resolve, DRAIN_MS))]);
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
