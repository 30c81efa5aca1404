/**
 * What runs of code are compared with: a worker that evaluates a text in QuickJS, with nothing around it, and gives its
 * value as JSON. The engine is compiled once.
 *
 * @module
 */
import variant from "@jitl/quickjs-singlefile-browser-release-sync";
import { parentPort } from "node:worker_threads";
import { newQuickJSWASMModuleFromVariant, newVariant } from "quickjs-emscripten-core";

const { instantiate } = WebAssembly;
const kept = Promise.withResolvers?.() ?? defer();
// the package hands its bytes to nobody else
WebAssembly.instantiate = /** @type {any} */ ((source, imports) => {
  if (!(source instanceof WebAssembly.Module)) kept.resolve(WebAssembly.compile(source));
  return instantiate(source, imports);
});
const engine = newQuickJSWASMModuleFromVariant(variant);

function defer() {
  let resolve;
  const promise = new Promise((settle) => resolve = settle);
  return { promise, resolve };
}

async function open() {
  return await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmModule: await kept.promise }));
}

/** @param {{ way: "context" | "instance", code: string }} job */
async function evaluate({ way, code }) {
  const runtime = (way === "context" ? await engine : await open()).newRuntime();
  const context = runtime.newContext();
  const value = context.unwrapResult(context.evalCode(code));
  const json = JSON.stringify(context.dump(value));
  value.dispose();
  context.dispose();
  runtime.dispose();
  return json;
}

parentPort?.on("message", async (job) => parentPort?.postMessage(await evaluate(job)));
