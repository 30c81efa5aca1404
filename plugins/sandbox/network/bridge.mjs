// deno-lint-ignore-file no-process-global -- it runs by itself, on whichever runtime is there
/**
 * Runs inside a sandbox without network, as the parent of its command: leads ports of the sandbox's loopback to the
 * socket of the proxy outside, and ends as the command ends. It is its own program, and imports what every runtime has.
 *
 * Its one argument is JSON:
 *
 * - `socket`: path of the proxy's Unix socket.
 * - `proxyPort`: port of 127.0.0.1 at which programs find the proxy.
 * - `forwards`: list of `{address, port, target}`: ports that lead to one `host:port`, for programs that know no proxy.
 * - `command`: program and arguments.
 * - `env`: variables of the command alone, which the bridge must not heed itself, such as `NODE_OPTIONS`.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { constants } from "node:os";

const { socket, proxyPort, forwards = [], command, env = {} } = JSON.parse(process.argv[2]);

/** The answer of the proxy is a line and a few fields. */
const LONGEST_HEAD = 65_536;
/** Exit codes of shells for a program that is not there or cannot be run, and of `timeout` for its own failure. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;
const OWN_FAILURE = 125;

function fail(code, message) {
  process.stderr.write(`bridge: ${message}\n`, () => process.exit(code));
}

/** Breaks one off when the other broke off; an end passes by itself. */
function tie(one, other) {
  for (const [stream, peer] of [[one, other], [other, one]]) {
    stream.on("error", () => peer.destroy());
    stream.on("close", () => {
      if (!stream.readableEnded) peer.destroy();
    });
  }
}

function pass(one, other) {
  one.pipe(other);
  other.pipe(one);
}

function openGate(local) {
  const gate = connect({ path: socket, allowHalfOpen: true });
  tie(local, gate);
  return gate;
}

function proxy(local) {
  pass(local, openGate(local));
}

/** Asks the proxy for a way to the target, and passes what comes after its answer. */
function tunnel(local, target) {
  const gate = openGate(local);
  let head = Buffer.alloc(0);
  const refuse = () => {
    gate.destroy();
    // as if nothing listened there; a mere end would look like an answer
    if (typeof local.resetAndDestroy === "function") local.resetAndDestroy();
    else local.destroy();
  };
  const onData = (bytes) => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (head.length > LONGEST_HEAD) refuse();
      return;
    }
    gate.off("data", onData);
    gate.off("end", refuse);
    if (!/^HTTP\/1\.[01] 200 /.test(head.toString("latin1", 0, 16))) return refuse();
    gate.pause();
    if (head.length > end + 4) gate.unshift(head.subarray(end + 4));
    pass(local, gate);
  };
  gate.on("data", onData);
  gate.on("end", refuse);
  gate.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
}

function listen(address, port, onConnection) {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (local) => {
      // whatever is tied to it later, an error that nobody hears would end all
      local.on("error", () => {});
      onConnection(local);
    });
    server.once("error", reject);
    server.listen(port, address, () => {
      // one connection that cannot be taken, as when descriptors are used up, is no end of the others
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

function run([program, ...args]) {
  // whoever ends the tree sends the signal to the command as well, and the bridge goes when that has gone
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...env } });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
  child.on("error", (error) => {
    fail(error.code === "ENOENT" ? NOT_FOUND : NOT_RUNNABLE, `cannot start "${program}": ${error.message}`);
  });
}

/** Opens a forward; where the system has no such address, as without IPv6, the others are worth having. */
async function openForward({ address, port, target }) {
  try {
    await listen(address, port, (local) => tunnel(local, target));
  } catch (error) {
    process.stderr.write(`bridge: cannot lead ${address} port ${port} to ${target}: ${error.message}\n`);
  }
}

try {
  await Promise.all([listen("127.0.0.1", proxyPort, proxy), ...forwards.map(openForward)]);
  run(command);
} catch (error) {
  fail(OWN_FAILURE, `cannot lead 127.0.0.1 port ${proxyPort} to the proxy: ${error.message}`);
}
