/**
 * What the calls of WASM tools are compared with: a worker that instantiates a module for each call, over the same WASI
 * library, with nothing around it. The arguments go to stdin as JSON; what is on stdout goes back.
 *
 * @module
 */
import { Fd, File, OpenFile, WASI, wasi } from "@bjorn3/browser_wasi_shim";
import { parentPort } from "node:worker_threads";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Output extends Fd {
  text = "";

  /** @param {Uint8Array} data */
  fd_write(data) {
    this.text += decoder.decode(data);
    return { ret: wasi.ERRNO_SUCCESS, nwritten: data.length };
  }
}

/** @type {WebAssembly.Module | undefined} */
let kept;

let compiled = 0;

/**
 * Appends a section that means nothing: an engine finds bytes that it has compiled before, whoever still has the module.
 *
 * @param {Uint8Array} bytes
 */
function unlike(bytes) {
  const name = encoder.encode(String(compiled++).padStart(8, "0"));
  const whole = new Uint8Array(bytes.length + 3 + name.length);
  whole.set(bytes);
  whole.set([0, name.length + 1, name.length, ...name], bytes.length);
  return whole;
}

/** @param {{ module?: WebAssembly.Module, bytes?: Uint8Array, stdin: string }} job */
async function serve({ module, bytes, stdin }) {
  kept = module ?? (bytes === undefined ? kept : await WebAssembly.compile(unlike(bytes)));
  if (kept === undefined) throw new Error("there is no module");
  const output = new Output();
  const input = new OpenFile(new File(encoder.encode(stdin), { readonly: true }));
  const host = new WASI(["tool", stdin], [], [input, output, new Output()], { debug: false });
  const instance = new WebAssembly.Instance(kept, { wasi_snapshot_preview1: host.wasiImport });
  const code = host.start(/** @type {any} */ (instance));
  return { code, text: output.text };
}

parentPort?.on("message", async (job) => parentPort?.postMessage(await serve(job)));
