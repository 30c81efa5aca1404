/**
 * Volumes and folders that containers see.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** A volume that the engine keeps, or a folder of this machine, and where a container sees it. */
export interface Mount {
  readonly kind: "volume" | "bind";
  /** Name of the volume as definitions have it, or path of the folder as it is written. */
  readonly source: string;
  /** Absolute, in the container. */
  readonly target: string;
  readonly isReadOnly: boolean;
  /** As engines have it: `ro`, `rw`, `z` and `Z` of SELinux, with a comma between; empty for none. */
  readonly mode: string;
}

const VOLUME_REGEXP = /^(?:((?:[A-Za-z]:[/\\])?[^:]+):)(\/[^:]*)(?::(ro|rw|z|Z|ro,z|rw,z|ro,Z|rw,Z))?$/;
const NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$/;
// the engine takes these apart
const UNUSABLE_REGEXP = /[,"\p{Cc}]/u;

/**
 * Reads a volume as definitions have it: `data:/path` is a volume, a source with a `/` in it a folder; `:ro` at the end
 * makes it readable alone.
 *
 * @throws {ToolError} naming what is no volume.
 */
export function readVolume(text: string): Mount {
  const [, source, target = "", mode = ""] = VOLUME_REGEXP.exec(text.trim()) ?? [];
  const kind = source !== undefined && /[/\\~]/.test(source) ? "bind" : "volume";
  const isSound = source !== undefined && !UNUSABLE_REGEXP.test(source + target) &&
    (kind === "bind" || NAME_REGEXP.test(source));
  if (isSound) return { kind, source, target, isReadOnly: mode.startsWith("ro"), mode };
  throw new ToolError(
    `Cannot use volume ${JSON.stringify(text)}: expected "data:/path", where data is a name of letters, digits, _, . ` +
      `and -, or "/folder:/path", with ":ro" at the end if need be; the path in the container is absolute`,
  );
}

/** What names of volumes begin with, as in skillz, so that its volumes are used on. */
const PREFIX = "skillz_";

/** Gives the engine's name of a volume. */
export function volumeName(name: string): string {
  return `${PREFIX}${name}`;
}
