/**
 * What the actions of the tool `services` work with.
 *
 * @module
 */
import type { Environment, Files } from "../../../kernel/mod.ts";
import type { GrantPolicy } from "../../grants/contract.ts";
import type { Containers } from "../containers/containers.ts";
import type { Definitions } from "../definition/definitions.ts";
import type { Starter } from "../starter.ts";

/** What the actions work with. */
export interface ServicesContext {
  readonly definitions: Definitions;
  readonly containers: Containers;
  readonly starter: Starter;
  readonly files: Files;
  readonly environment: Environment;
  /** Decides which files may be read; without it none may. */
  readonly policy: GrantPolicy | undefined;
}
