/**
 * What a container is given of this machine: folders, secrets, ports that others reach. The operator decides on it.
 *
 * @module
 */
import { type Call, type Environment, type Files, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { GrantPolicy } from "../../grants/contract.ts";
import type { Secrets } from "../../secrets/contract.ts";
import type { ServiceDefinition } from "../definition/definition.ts";
import { isLoopback, readPort } from "../definition/ports.ts";
import { fillSecrets, secretsOf } from "../definition/secret_references.ts";
import { type Mount, readVolume } from "../definition/volumes.ts";

/** What {@linkcode Permissions} work with. */
export interface PermissionsOptions {
  readonly files: Files;
  readonly environment: Environment;
  /** What decides; without it no service is given a folder or a secret. */
  readonly policy: GrantPolicy | undefined;
  readonly secrets: Secrets | undefined;
  /** Addresses and ports, `address:port`, beside those of loopback on which ports may be published; `*` for any port. */
  readonly expose: readonly string[];
}

/** What a container is given. */
export interface Permitted {
  /** Sources of folders are real paths. */
  readonly mounts: readonly Mount[];
  /** Values without secrets. */
  readonly plain: Readonly<Record<string, string>>;
  /** Values with secrets in them, which are never written on a command line. */
  readonly secret: Readonly<Record<string, string>>;
}

// the engine's own program reads them, in whose environment values with secrets are handed over
const RESERVED_REGEXP =
  /^(?:PATH|HOME|LANG|TERM|TMPDIR|SSH_AUTH_SOCK|REGISTRY_AUTH_FILE|(?:XDG|DBUS|DOCKER|_?CONTAINERS?|SSL_CERT|STORAGE|LISTEN)_\w*|\w*_proxy|LD_\w*)$/i;

/** Decides on what containers are given. */
export class Permissions {
  readonly #options: PermissionsOptions;

  constructor(options: PermissionsOptions) {
    this.#options = options;
  }

  /**
   * Gives a container what its definition asks for.
   *
   * @param digest Of the definition: what was allowed to another does not count.
   * @throws {ToolError} naming what is refused, and what would allow it.
   */
  async give(definition: ServiceDefinition, digest: string, call: Call): Promise<Permitted> {
    this.#checkPorts(definition);
    const mounts = await Promise.all(definition.volumes.map(readVolume).map((it) => this.#resolve(it, definition)));
    const { plain, secret, names } = this.#variables(definition);
    const bound = mounts.filter((it) => it.kind === "bind");
    if (bound.length + names.length > 0) {
      const { policy } = this.#options;
      if (policy === undefined) {
        throw refusal(definition, 'nothing here decides on folders and secrets; the plugin "grants" does');
      }
      const grants = policy.read({
        read: bound.map((it) => it.source),
        write: bound.filter((it) => !it.isReadOnly).map((it) => it.source),
        secrets: names,
      });
      await policy.authorize({ tool: `services:${definition.name}`, digest, grants }, call);
    }
    return { mounts, plain, secret };
  }

  #checkPorts(definition: ServiceDefinition): void {
    const { expose } = this.#options;
    for (const { address, host } of definition.ports.map(readPort)) {
      const isAllowed = isLoopback(address) ||
        expose.some((it) => it === `${address}:*` || (host !== undefined && it === `${address}:${host}`));
      if (isAllowed) continue;
      const wanted = `${address}:${host ?? "*"}`;
      throw refusal(
        definition,
        `it asks to be reached from other machines on ${wanted}, and ports are published on 127.0.0.1 alone; leave the ` +
          `address out, or allow it in collet.json: "plugins": {"services": {"expose": ${
            JSON.stringify([...expose, wanted])
          }}}`,
      );
    }
  }

  async #resolve(mount: Mount, definition: ServiceDefinition): Promise<Mount> {
    if (mount.kind === "volume") return mount;
    const { files, environment } = this.#options;
    const shown = JSON.stringify(mount.source);
    if (!/^(?:\/|~(?:[/\\]|$)|[A-Za-z]:[/\\])/.test(mount.source)) {
      throw refusal(definition, `folder ${shown} is no absolute path, and does not begin with "~/"`);
    }
    try {
      // a link must not lead out of a folder that is allowed
      const folder = files.open(environment.expand(mount.source));
      // the engine would make what is not there, as root
      if (await folder.stat(".") === undefined) throw new Error("there is no such folder; make it first");
      return { ...mount, source: folder.path };
    } catch (thrown) {
      throw refusal(definition, `folder ${shown} cannot be used: ${messageOf(thrown)}`);
    }
  }

  #variables(
    definition: ServiceDefinition,
  ): Pick<Permitted, "plain" | "secret"> & { readonly names: readonly string[] } {
    const { secrets } = this.#options;
    const entries = Object.entries(definition.env);
    const isSecret = ([, value]: readonly [string, string]) => secretsOf(value).length > 0;
    const names = [...new Set(entries.flatMap(([, value]) => secretsOf(value)))];
    if (names.length > 0 && secrets === undefined) {
      throw refusal(definition, 'nothing here keeps secrets; the plugin "secrets" does');
    }
    const reserved = entries.filter(isSecret).find(([name]) => RESERVED_REGEXP.test(name));
    if (reserved !== undefined) {
      throw refusal(definition, `variable ${reserved[0]} cannot hold a secret: the engine's own program reads it`);
    }
    const values = names.length === 0 ? {} : secrets!.reveal(names);
    const filled = entries.filter(isSecret)
      .map(([name, value]) => [name, fillSecrets(value, values)] as const);
    return {
      plain: Object.fromEntries(entries.filter((it) => !isSecret(it))),
      secret: Object.fromEntries(filled),
      names: names.sort(),
    };
  }
}

function refusal({ name }: ServiceDefinition, why: string): ToolError {
  return new ToolError(`Cannot start service "${name}": ${why}`);
}
