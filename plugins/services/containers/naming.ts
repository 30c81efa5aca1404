/**
 * How containers, volumes and networks of services are named and marked.
 *
 * @module
 */
import { sha256 } from "../../../kernel/mod.ts";

/** Marks what is ours; its value is the name of the service where there is one. */
export const SERVICE_LABEL = "dev.collet.service";
/** Marks which server's it is: servers with other homes leave it alone. */
export const HOME_LABEL = "dev.collet.home";
/** Holds the digest of the definition that a container was made of. */
export const DIGEST_LABEL = "dev.collet.digest";

const CONTAINER_PREFIX = "skillz_svc_";

/** Gives the name of a service's container, as in skillz. */
export function containerName(service: string): string {
  return `${CONTAINER_PREFIX}${service}`;
}

/** Gives what stands for a home folder in labels: others on this machine need not learn where it is. */
export async function homeId(path: string): Promise<string> {
  return (await sha256(path)).slice(0, 16);
}

/** Writes labels as options of a command that creates. */
export function labelArguments(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]);
}
