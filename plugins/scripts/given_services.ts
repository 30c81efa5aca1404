/**
 * What a script is given of the services that it requires, beside what it was granted.
 *
 * @module
 */
import type { ReadyServices } from "../services/contract.ts";
import type { GivenToScript } from "./given_to_script.ts";

/**
 * Adds services to what a script is given: their variables, and the network to their ports and no others.
 *
 * @param options `hasNetwork`: whether scripts have all of the network that say nothing of it.
 */
export function withServices(
  given: GivenToScript,
  { env, addresses }: ReadyServices,
  { hasNetwork }: { readonly hasNetwork: boolean },
): GivenToScript {
  const { permissions = {} } = given;
  const { network = hasNetwork } = permissions;
  return {
    ...given,
    env: { ...given.env, ...env },
    permissions: {
      ...permissions,
      network: network === true ? true : [...new Set([...network || [], ...addresses])],
      env: [...permissions.env ?? [], ...Object.keys(env)],
    },
  };
}
