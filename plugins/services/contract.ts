/**
 * The contract `Services`: starts what a tool requires to run, and tells it how that is reached.
 *
 * @module
 */
import { type Call, type Contract, contract, ToolError } from "../../kernel/mod.ts";

/** How services are made ready for one run. */
export interface EnsureOptions {
  /** Whose call waits, hears how it goes, and is asked where something has to be allowed. */
  readonly call: Call;
  /** Values of the secrets that the tool was given, by name; others are not written into its variables. None by default. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
}

/** Services that are ready. */
export interface ReadyServices {
  /** `NAME_HOST`, `NAME_PORT`, `NAME_<containerPort>_PORT`, `NAME_CONTAINER` and `NAME_URL` of each. */
  readonly env: Readonly<Record<string, string>>;
  /** `host:port` of this machine, each at which one of them is reached over TCP. */
  readonly addresses: readonly string[];
}

/** Starts services for tools. */
export interface Services {
  /**
   * Starts those that are stopped, with what they depend on, and waits until all are ready. Work that several calls wait
   * for is done once; each gives up by itself.
   *
   * @throws {ToolError} saying which service is not ready, why, and what to do.
   * @throws the reason of the call's signal when it aborts.
   */
  ensure(names: readonly string[], options: EnsureOptions): Promise<ReadyServices>;
  /**
   * Gives those that are not defined, in their order.
   *
   * @throws {ToolError} when a name is none that a service can have, or two of them would have the same variables.
   */
  missing(names: readonly string[]): Promise<readonly string[]>;
}
export const Services: Contract<Services> = contract("services");

/**
 * Gives what makes the services of a tool ready; `undefined` for a tool that requires none.
 *
 * @param services What starts services, if there is such a thing.
 * @throws {ToolError} when a tool requires some, and nothing starts them.
 */
export function requiredServices(
  names: readonly string[],
  services: Services | undefined,
): ((options: EnsureOptions) => Promise<ReadyServices>) | undefined {
  if (names.length === 0) return undefined;
  if (services !== undefined) return (options) => services.ensure(names, options);
  throw new ToolError(
    `not available: it requires services (${
      names.join(", ")
    }), and nothing here starts them; the plugin "services" does`,
  );
}
