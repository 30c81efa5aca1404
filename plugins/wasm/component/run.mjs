/**
 * Runs a component that was translated: a command of WASI preview 2. It has no network, and of the files those folders
 * that it was given.
 *
 * `node run.mjs TRANSLATED SHIM ARGUMENT…`, with `COLLET_COMPONENT` in the environment: `{"env", "folders"}`, JSON. Each
 * folder, by the path that the component finds it under, is `{"path", "writable", "only"}`; `only` names the files of it
 * that were given, where it is not the whole folder. A trap is told as a line of stderr that begins with a zero byte.
 */
import { lstatSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [, , translated, shim, ...args] = process.argv;
const { env, folders } = JSON.parse(process.env.COLLET_COMPONENT);

class Exit extends Error {
  constructor(code) {
    super(`exit ${code}`);
    this.code = code;
  }
}

const EXIT = {
  exit: ({ tag }) => {
    throw new Exit(tag === "err" ? 1 : 0);
  },
  exitWithCode: (code) => {
    throw new Exit(code);
  },
};

/** Terminals are what a tool has none of. */
const NO_TERMINALS = {
  "terminal-stdin": { getTerminalStdin: () => undefined },
  "terminal-stdout": { getTerminalStdout: () => undefined },
  "terminal-stderr": { getTerminalStderr: () => undefined },
};

/** Methods of descriptors that take a path: where it stands, and whether it may be a link itself, which is not followed. */
const PATHS = {
  openAt: [1, false],
  statAt: [1, false],
  setTimesAt: [1, false],
  metadataHashAt: [1, false],
  linkAt: [1, false],
  createDirectoryAt: [0, false],
  readlinkAt: [0, true],
  removeDirectoryAt: [0, true],
  unlinkFileAt: [0, true],
  renameAt: [0, true],
};
/** Those that change something, whatever they are given. */
const CHANGES = new Set([
  ...["setTimesAt", "linkAt", "createDirectoryAt", "removeDirectoryAt", "unlinkFileAt", "renameAt"],
]);
/** Where descriptors have been opened: `{"folder", "path"}`. */
const places = new WeakMap();

/** Checks a path below a descriptor: links, which may lead anywhere, are not followed. */
function checkPath(descriptor, path, { mayBeLink = false, isChange = false }) {
  const place = places.get(descriptor);
  if (place === undefined || path.includes("\\")) throw "not-permitted";
  const { folder } = place;
  if (isChange && !folder.writable) throw "read-only";
  const full = resolve(place.path, path);
  const parts = relative(folder.path, full).split(sep).filter((part) => part !== "");
  if (parts[0] === "..") throw "not-permitted";
  if (folder.only !== undefined && parts.length > 0 && !folder.only.includes(parts.join(sep))) throw "no-entry";
  let at = folder.path;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const isLink = lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (isLink && !(mayBeLink && index === parts.length - 1)) throw "not-permitted";
  }
  return { folder, path: full };
}

/** Holds descriptors to the folders that were given. */
function holdDescriptors({ prototype }) {
  for (const [name, [position, mayBeLink]] of Object.entries(PATHS)) {
    const method = prototype[name];
    prototype[name] = function (...given) {
      const [, , open, flags] = given;
      const isWrite = name === "openAt" && (open.create || open.truncate || flags.write || flags.mutateDirectory);
      const place = checkPath(this, given[position], { mayBeLink, isChange: CHANGES.has(name) || Boolean(isWrite) });
      if (name === "renameAt" || name === "linkAt") {
        const [target, path] = given.slice(-2);
        checkPath(target, path, { mayBeLink: true, isChange: true });
      }
      const result = method.apply(this, given);
      if (name === "openAt") places.set(result, place);
      return result;
    };
  }
  for (const name of ["setTimes", "setSize", "write", "writeViaStream", "appendViaStream"]) {
    const method = prototype[name];
    prototype[name] = function (...given) {
      if (!places.get(this)?.folder.writable) throw "read-only";
      return method.apply(this, given);
    };
  }
  prototype.symlinkAt = () => {
    throw "not-permitted";
  };
  const { readDirectory } = prototype;
  prototype.readDirectory = function () {
    if (places.get(this)?.folder.only !== undefined) throw "not-permitted";
    return readDirectory.apply(this);
  };
}

function hostOf(WASIShim) {
  const preopens = Object.fromEntries(Object.entries(folders).map(([name, { path }]) => [name, path]));
  const host = new WASIShim({ sandbox: { preopens, env, args, enableNetwork: false } }).getImportObject();
  for (const [name, provided] of Object.entries(host)) {
    const [, own] = /^wasi:(?:cli|filesystem)\/([a-z-]+)/.exec(name) ?? [];
    if (own === "exit") host[name] = EXIT;
    else if (Object.hasOwn(NO_TERMINALS, own ?? "")) host[name] = NO_TERMINALS[own];
    else if (own === "preopens") host[name] = { getDirectories: () => openFolders(provided) };
    else if (own === "types") holdDescriptors(provided.Descriptor);
  }
  return host;
}

function openFolders({ getDirectories }) {
  const opened = getDirectories();
  for (const [descriptor, name] of opened) {
    places.set(descriptor, { folder: folders[name], path: folders[name].path });
  }
  return opened;
}

function loadCore(name) {
  return new WebAssembly.Module(readFileSync(join(translated, name)));
}

function tellTrap(error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`\n\0${JSON.stringify({ trap: reason })}\n`);
}

const { WASIShim } = await import(pathToFileURL(join(shim, "dist/common/instantiation.js")).href);
const { instantiate } = await import(pathToFileURL(join(translated, "component.mjs")).href);
try {
  const { run } = instantiate(loadCore, hostOf(WASIShim));
  run.run();
} catch (error) {
  process.exitCode = error instanceof Exit ? error.code : 1;
  // a command that returns an error throws nothing, or what carries it, and has said on stderr what it had to say
  const isReturned = error === undefined || error instanceof Exit || Object.hasOwn(error, "payload");
  if (!isReturned) tellTrap(error);
}
