/**
 * Attacks of a program of Deno, whatever holds it.
 *
 * @module
 */

/** Arguments: those of the attacks in Python. */
export const DENO_ATTACKS: string = String.raw`
import * as fs from "node:fs";
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import process from "node:process";

const line = (await new Response(Deno.stdin.readable.pipeThrough(new TransformStream({
  transform(chunk, controller) { controller.enqueue(chunk); if (chunk.includes(10)) controller.terminate(); },
}))).text()).split("\n")[0];
const facts = JSON.parse(line).params.arguments;
const outcomes = {};
async function attack(name, run) {
  try {
    const got = await run();
    outcomes[name] = got === undefined || got === null ? "nothing" : "GOT " + String(got).slice(0, 300);
  } catch (error) {
    outcomes[name] = String(error.code ?? error.name);
  }
}
const dynamic = (specifier, options) => import(specifier, options);
for (const [name, path] of Object.entries(facts.hidden)) {
  await attack("read " + name, () => Deno.readTextFile(path));
  await attack("read " + name + " at once", () => Deno.readTextFileSync(path));
  await attack("open " + name, async () => (await Deno.open(path)) && "opened");
  await attack("read " + name + " as Node does", () => fs.readFileSync(path, "utf8"));
  await attack("read " + name + " by ..", () => Deno.readTextFile("./" + "../".repeat(20) + path.slice(1)));
  await attack("read " + name + " by /proc", () => Deno.readTextFile("/proc/self/root" + path));
  await attack("read " + name + " by a link", () => { Deno.symlinkSync(path, "link-" + name.length); return Deno.readTextFileSync("link-" + name.length); });
  await attack("read " + name + " by a link of Node", () => { fs.symlinkSync(path, "node-link-" + name.length); return fs.readFileSync("node-link-" + name.length, "utf8"); });
  await attack("read " + name + " by a hard link", () => { fs.linkSync(path, "hard-" + name.length); return fs.readFileSync("hard-" + name.length, "utf8"); });
  await attack("copy " + name, () => { Deno.copyFileSync(path, "copy"); return Deno.readTextFileSync("copy"); });
  await attack("fetch " + name, async () => await (await fetch("file://" + path)).text());
  await attack("import " + name + " as text", async () => (await dynamic("file://" + path, { with: { type: "text" } })).default);
  await attack("import " + name + " as JSON", async () => JSON.stringify((await dynamic("file://" + path, { with: { type: "json" } })).default));
  await attack("require " + name, async () => { const { createRequire } = await import("node:module"); return createRequire(import.meta.url)(path) && "required"; });
  if (facts.deno) await attack("ask for " + name, async () => (await Deno.permissions.request({ name: "read", path })).state === "granted" ? "granted" : null);
}
for (const [name, path] of Object.entries(facts.folders)) await attack("list " + name, () =>
  [...Deno.readDirSync(path)].map((it) => path + "/" + it.name).filter((it) => ![...facts.own, Deno.env.get("HOME")].some((own) => own === it || own.startsWith(it + "/"))).join() || null);
for (const place of [...facts.places, facts.tool]) await attack("create in " + place, () => { Deno.writeTextFileSync(place + "/" + facts.marker, "x", { createNew: true }); return "created"; });
for (const path of ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj", "/dev/mem"]) await attack("write " + path, () => { if (facts.confined !== false) Deno.openSync(path, { write: true }); else return null; return "opened"; });
await attack("read /proc/self/environ", () => Object.values(facts.values).some((value) => Deno.readTextFileSync("/proc/self/environ").includes(value)) ? "there" : null);
await attack("read the environment of the server", () => Deno.readTextFileSync("/proc/" + facts.server + "/environ"));
await attack("inherit a secret of the server", () => Object.entries(Deno.env.toObject()).find(([, value]) => Object.values(facts.values).includes(value)));
for (const [host, port] of facts.ports) {
  await attack("connect to " + host, async () => (await Deno.connect({ hostname: host, port })) && "connected");
  await attack("connect to " + host + " as Node does", () => new Promise((resolve, reject) => connect({ host, port }).on("connect", () => resolve("connected")).on("error", reject)));
  await attack("fetch from " + host, async () => (await fetch("http://" + (host.includes(":") ? "[" + host + "]" : host) + ":" + port)).status);
}
for (const path of facts.sockets) await attack("connect to " + path, async () => (await Deno.connect({ transport: "unix", path })) && "connected");
await attack("listen", () => facts.deno && Deno.listen({ hostname: "127.0.0.1", port: 0 }) && "listening" || null);
await attack("resolve", async () => facts.confined !== false ? await Deno.resolveDns("example.com", "A") : null);
await attack("run a program", () => facts.deno && new Deno.Command("/bin/true").outputSync().success || null);
await attack("run a program as Node does", () => { const { status, error } = spawnSync("/bin/cat", [Object.values(facts.hidden)[0]]); if (error) throw error; return status === 0 ? "ran" : null; });
await attack("load a library", () => facts.deno && Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }) && "loaded" || null);
await attack("load an addon", async () => { process.dlopen({ exports: {} }, "/lib/x86_64-linux-gnu/libm.so.6"); return "loaded"; });
await attack("signal the server", () => { Deno.kill(facts.server, facts.confined === false ? "SIGCONT" : "SIGTERM"); return "signalled"; });
await attack("signal the server as Node does", () => { process.kill(facts.server, 0); return "signalled"; });
await attack("give a worker more", async () => {
  const code = "try { self.postMessage('GOT ' + Deno.readTextFileSync(" + JSON.stringify(Object.values(facts.hidden)[0]) + ")) } catch (error) { self.postMessage(error.name) }";
  const worker = new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module" });
  const text = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.onerror = (event) => { event.preventDefault(); resolve("failed"); }; });
  worker.terminate();
  return text.startsWith("GOT") ? text : null;
});
if (facts.confined !== false) {
  await attack("import from the network", async () => await dynamic("https://esm.sh/left-pad"));
  await attack("import from the machine", async () => await dynamic("http://127.0.0.1:" + facts.ports[0][1] + "/x.js"));
  await attack("import a package of npm", async () => await dynamic("npm:left-pad@1.3.0"));
  await attack("import a package of JSR", async () => await dynamic("jsr:@std/assert@1"));
}
console.log(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { outcomes } }));
Deno.exit(0);
`;

/** Makes a program that imports a file, which no permission is asked for. */
export function importingDeno(path: string, type: "text" | "json"): string {
  return `import found from ${JSON.stringify(`file://${path}`)} with { type: "${type}" };\n` +
    `console.log("GOT " + JSON.stringify(found)); Deno.exit(0);\n`;
}
