/**
 * The folders and files that a tool was granted, by absolute path.
 *
 * @module
 */
import type { SyncFile, SyncFolder, SyncStat } from "../../../../kernel/mod.ts";
import type { GrantedPath } from "../../program.ts";
import type { BundleHost } from "../hosts.ts";
import type { HostArguments, Plain } from "./marshalling.ts";

const PIECE = 1024 * 1024;
const NANOSECONDS = 1_000_000n;

/** What {@linkcode GrantedFiles} works with. */
export interface GrantedFilesOptions {
  readonly host: Pick<BundleHost, "openFolder">;
  /** Files that are larger are not read. */
  readonly mostBytes: number;
}

/** A place below a grant. */
interface Place {
  readonly folder: SyncFolder;
  /** Relative to the folder; empty for itself. */
  readonly path: string;
  /** Whether a link there is followed: not where a file alone was granted. */
  readonly follow: boolean;
}

/** A path may not be used; `code` is that of POSIX. */
class FileFailure extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Files of a tool. */
export class GrantedFiles {
  readonly #grants: readonly GrantedPath[];
  readonly #options: GrantedFilesOptions;
  readonly #open = new Map<string, SyncFolder>();

  constructor(grants: readonly GrantedPath[], options: GrantedFilesOptions) {
    // of two grants, the one that is closer to the file decides
    this.#grants = grants.toSorted((a, b) => b.path.length - a.path.length);
    this.#options = options;
  }

  /** Gives what `prelude/tool.js` calls. */
  functions(): Readonly<Record<string, (args: HostArguments) => Plain>> {
    return {
      readFile: (args) => this.#read(args.json(0)),
      readText: (args) => JSON.stringify(new TextDecoder().decode(this.#read(args.json(0)))),
      writeFile: (args) => this.#write(args.json(0), args.bytes(1), { append: args.isTrue(2) }),
      listFolder: (args) => JSON.stringify(this.#list(args.json(0))),
      statFile: (args) => JSON.stringify(this.#stat(args.json(0))),
      removeFile: (args) => this.#remove(args.json(0)),
      makeFolder: (args) => this.#makeFolder(args.json(0)),
    };
  }

  /** Closes what was opened. */
  close(): void {
    for (const folder of this.#open.values()) folder.close();
    this.#open.clear();
  }

  #read(path: string): Uint8Array {
    const { folder, path: inside, follow } = this.#find("read", path);
    return this.#use("read", path, () => {
      const file = folder.open(inside, { read: true, follow });
      try {
        return readWhole(file, { path, mostBytes: this.#options.mostBytes });
      } finally {
        file.close();
      }
    });
  }

  #write(path: string, bytes: Uint8Array, { append }: { readonly append: boolean }): undefined {
    const { folder, path: inside, follow } = this.#find("write", path);
    this.#use("write", path, () => {
      const file = folder.open(inside, { write: true, create: true, append, truncate: !append, follow });
      try {
        for (let at = 0; at < bytes.length;) at += file.write(bytes.subarray(at), BigInt(at));
      } finally {
        file.close();
      }
    });
    return undefined;
  }

  #list(path: string): readonly unknown[] {
    const { folder, path: inside } = this.#find("list", path);
    const entries = this.#use("list", path, () => folder.list(inside === "" ? "." : inside));
    return entries.map(({ name, kind }) => ({ name, kind })).toSorted((a, b) => a.name < b.name ? -1 : 1);
  }

  #stat(path: string): unknown {
    const { folder, path: inside, follow } = this.#find("look at", path);
    return this.#use("look at", path, () => {
      try {
        return describe(folder.stat(inside === "" ? "." : inside, { follow }));
      } catch (thrown) {
        if ((thrown as { readonly code?: unknown }).code === "ENOENT") return null;
        throw thrown;
      }
    });
  }

  #remove(path: string): undefined {
    const { folder, path: inside } = this.#find("remove", path);
    this.#use("remove", path, () => {
      const { kind } = folder.stat(inside, { follow: false });
      if (kind === "folder") folder.removeFolder(inside);
      else folder.removeFile(inside);
    });
    return undefined;
  }

  /** Makes a folder and those above it; one that is there is left as it is. */
  #makeFolder(path: string): undefined {
    const { folder, path: inside } = this.#find("make folder", path);
    const parts = inside.split("/").filter((part) => part !== "");
    this.#use("make folder", path, () => {
      parts.forEach((_, i) => {
        const above = parts.slice(0, i + 1).join("/");
        try {
          folder.makeFolder(above);
        } catch (thrown) {
          const isThere = (thrown as { readonly code?: unknown }).code === "EEXIST" &&
            folder.stat(above, { follow: true }).kind === "folder";
          if (!isThere) throw thrown;
        }
      });
    });
    return undefined;
  }

  #find(action: string, path: string): Place {
    const parts = partsOf(path);
    if (parts === undefined) {
      throw new FileFailure(`Cannot ${action} "${path}": paths in here are absolute; ${this.#granted()}`, "EINVAL");
    }
    const whole = `/${parts.join("/")}`;
    for (const grant of this.#grants) {
      if (whole !== grant.path && !(grant.kind === "folder" && whole.startsWith(`${trimmed(grant.path)}/`))) continue;
      if (grant.kind === "folder") {
        return {
          folder: this.#folder(grant.path, grant.writable),
          path: whole.slice(trimmed(grant.path).length + 1),
          follow: true,
        };
      }
      const cut = whole.lastIndexOf("/");
      const folder = this.#folder(whole.slice(0, cut) || "/", grant.writable);
      return { folder, path: whole.slice(cut + 1), follow: false };
    }
    throw new FileFailure(`Cannot ${action} "${path}": it was not granted; ${this.#granted()}`, "EPERM");
  }

  #folder(path: string, writable: boolean): SyncFolder {
    const key = `${writable}:${path}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const folder = this.#options.host.openFolder(path, { writable });
    this.#open.set(key, folder);
    return folder;
  }

  #use<T>(action: string, path: string, use: () => T): T {
    try {
      return use();
    } catch (thrown) {
      const { code, message } = thrown as Partial<Error> & { readonly code?: string };
      const why = code === "EROFS" ? `it may only be read; ${this.#granted()}` : REASONS[code ?? ""] ?? message;
      throw new FileFailure(`Cannot ${action} "${path}": ${why}`, code ?? "EIO");
    }
  }

  #granted(): string {
    if (this.#grants.length === 0) return 'no files are granted to this tool, see "grants"';
    return `granted are ${
      this.#grants.map(({ path, writable }) => `"${path}" to ${writable ? "read and write" : "read"}`).join(", ")
    }`;
  }
}

/** What is said of the commonest failures. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  EEXIST: "it is there already",
  ENOTEMPTY: "the folder is not empty",
  EPERM: "it leads outside of what was granted",
  ELOOP: "it is a link",
  EACCES: "the permissions of the file do not allow it",
};

function readWhole(
  file: SyncFile,
  { path, mostBytes }: { readonly path: string; readonly mostBytes: number },
): Uint8Array {
  const { size } = file.stat();
  const tooLarge = () => new FileFailure(`Cannot read "${path}": it is larger than the memory of this tool`, "EFBIG");
  if (size > BigInt(mostBytes)) throw tooLarge();
  // what the system makes as it is read says that it is empty
  let bytes = new Uint8Array(size > 0n ? Number(size) + 1 : PIECE);
  let at = 0;
  for (;;) {
    const count = file.read(bytes.subarray(at), BigInt(at));
    if (count === 0) return bytes.slice(0, at);
    at += count;
    if (at > mostBytes) throw tooLarge();
    if (at === bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      bytes = larger;
    }
  }
}

function describe({ kind, size, modified }: SyncStat): unknown {
  return { kind, size: Number(size), modified: Number(modified / NANOSECONDS) };
}

function trimmed(path: string): string {
  return path === "/" ? "" : path;
}

/** Splits an absolute path, with `.` and `..` worked out; `undefined` when it is relative. */
function partsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith("/")) return undefined;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
