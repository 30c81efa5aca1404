// deno-lint-ignore-file no-process-global -- it runs on Node, before the script
/**
 * Waits, in a Node that has loaded what scripts usually need, for the script that it is to become.
 *
 * It is given to Node by `--require`, so that it runs last of Node's own start, with a main file that is not there. When
 * all is loaded, it says so by the line `COLLET` on stdout. What comes on stdin is `COLLET `, the length of a header as 8
 * hexadecimal digits, a line feed and the header, JSON: `{"file", "argv"?, "env"?, "files"?, "cwd"?}`. Then Node is led to
 * another main file: nothing of this file is on its stack.
 *
 * What `COLLET_IMPORT` names is imported as by `--import`, but before the header, and without leading the main file
 * through the loader of ES modules.
 */
"use strict";

const { Console } = require("node:console");
const fs = require("node:fs");
const Module = require("node:module");
const { dirname } = require("node:path");
const { createInterface } = require("node:readline");
const { PassThrough, Writable } = require("node:stream");
const { fileURLToPath } = require("node:url");
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");
const { isMainThread } = require("node:worker_threads");

const PREFIX_SIZE = 16;
const MODULES = [
  "assert",
  "async_hooks",
  "buffer",
  "child_process",
  "crypto",
  "events",
  "fs/promises",
  "http",
  "https",
  "net",
  "os",
  "path",
  "perf_hooks",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/promises",
  "string_decoder",
  "timers/promises",
  "tls",
  "url",
  "util",
  "zlib",
];
/** Milliseconds between two looks at a stdin that does not wait. */
const LOOK_MS = 1;

function load() {
  for (const name of MODULES) require(`node:${name}`);
  // these load what they stand for when they are first looked at
  for (const name of ["fetch", "Headers", "Request", "Response", "FormData", "crypto", "performance"]) {
    void globalThis[name];
  }
  for (const warm of [warmImports, warmPipes, warmStreams, warmConsole]) warm();
}

/** Does now what was put off, as far as it needs nothing of the system. */
function settle() {
  process._tickCallback();
}

/** Loads what loads ES modules. */
function warmImports() {
  let isOver = false;
  const end = () => isOver = true;
  import("data:text/javascript,").then(end, end);
  for (let i = 0; i < 100 && !isOver; i++) settle();
}

// V8 compiles a function when it is first called: a script that reads a line and prints one calls hundreds

/** Goes through what reads and writes pipes; stdin and stdout themselves must stay untouched. */
function warmPipes() {
  const { Socket } = require("node:net");
  const names = ["readStop", "ref", "unref", "setBlocking", "close", "shutdown", "writeBuffer", "writeUtf8String"];
  const handle = Object.fromEntries(names.map((name) => [name, () => 0]));
  const socket = new Socket({ handle: { ...handle, readStart: () => 0, getAsyncId: () => 1 }, manualStart: true });
  socket.setEncoding("utf8");
  socket.once("data", () => {});
  settle();
  socket.push("{}\n");
  socket.write("{}\n");
  settle();
  socket.removeAllListeners();
}

function warmStreams() {
  const stream = new PassThrough();
  createInterface({ input: stream }).once("line", () => {}).once("close", () => {});
  stream.write("{}\n");
  settle();
  stream.end();
  settle();
}

function warmConsole() {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
  new Console({ stdout, stderr: stdout }).log("%s", "{}", { list: ["a", 1] });
  settle();
}

/** Clears away what all this left, which V8 would do as soon as the script runs. */
function sweep() {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  setFlagsFromString("--no-expose-gc");
}

/** Reads so many bytes of stdin, and not one more: what follows is meant for the script. */
function read(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const count = readSome(bytes, at);
    if (count === 0) process.reallyExit(0);
    at += count;
  }
  return bytes;
}

function readSome(bytes, at) {
  for (;;) {
    try {
      return fs.readSync(0, bytes, at, bytes.length - at, null);
    } catch (error) {
      if (error.code === "EOF") return 0;
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
    }
  }
}

function readHeader() {
  const prefix = read(PREFIX_SIZE).toString("latin1");
  if (prefix.startsWith("COLLET ")) return JSON.parse(read(Number.parseInt(prefix.slice(7), 16)).toString());
  process.stderr.write(`Cannot read a header: it begins with ${JSON.stringify(prefix)}\n`);
  process.reallyExit(1);
}

function writeFiles(files) {
  for (const [path, content] of Object.entries(files)) {
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, typeof content === "string" ? content : Buffer.from(content.base64, "base64"));
  }
}

function become({ file, argv = [], env = {}, files = {}, cwd }) {
  Object.assign(process.env, env);
  // folders that Node looks for packages in
  if (env.NODE_PATH !== undefined || env.HOME !== undefined) Module._initPaths();
  writeFiles(files);
  if (cwd !== undefined) process.chdir(cwd);
  process.argv.splice(1, process.argv.length, file, ...argv);
  const { runMain } = Module;
  const own = Object.getOwnPropertyDescriptor(Module, "runMain");
  // Node looks it up once, to run the main file
  Object.defineProperty(Module, "runMain", {
    configurable: true,
    enumerable: true,
    get() {
      Object.defineProperty(Module, "runMain", own);
      return runMain.bind(Module, file);
    },
  });
}

/** Takes this file out of what the script sees, and starts other processes with. */
function hide() {
  delete require.cache[__filename];
  const at = process.execArgv.findIndex((word) => word === "--require" || word === "-r");
  if (at >= 0) process.execArgv.splice(at, 2);
}

/** Sets up the hook that finds packages; its file decides where it runs. */
function hook() {
  const { COLLET_IMPORT: given, NODE_OPTIONS: options = "" } = process.env;
  delete process.env.COLLET_IMPORT;
  // what the script starts gets it in the usual way; threads come here
  if (given !== undefined) process.env.NODE_OPTIONS = `${options} --import=${given}`.trim();
  const url = given ?? (isMainThread ? undefined : /--import=(\S+)/.exec(options)?.[1]);
  if (url === undefined) return;
  if (Module.registerHooks === undefined) return Module.register(`${url}?hooks`);
  const path = fileURLToPath(url);
  require(path);
  delete require.cache[path];
}

hide();
hook();
// threads that a script starts come here as well
if (isMainThread) {
  load();
  sweep();
  fs.writeSync(1, "COLLET\n");
  become(readHeader());
}
