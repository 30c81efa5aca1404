import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import { join } from "node:path";
import process from "node:process";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { findNode, NODE_VERSIONS } from "../../../scripts/lib/nodes.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { type Inside, NODE_PROXY, openInside, run, whyNoBubblewrap } from "./network_inside.ts";
import { serve } from "./network_kit.ts";

const skip = await whyNoBubblewrap() || ((await run(["openssl", "version"])).code !== 0 && "openssl is not installed");
const DENO = "Deno" in globalThis ? process.execPath : "deno";
const NO_DENO = (await run([DENO, "--version"])).code !== 0 && "Deno is not on the path";
const NAMES = ["secure.example.org", "api.example.org"];

/** Asks by `fetch` and by Node's modules, and prints a line for each. */
const CLIENT = `
const port = process.argv.at(-1);
const urls = ["https://secure.example.org/a", "http://web.example.org/b", "https://api.example.org:8443/c", "http://localhost:" + port + "/d",
  "https://evil.example.org/e", "http://evil.example.org/f"];
const body = (answer) => new Promise((resolve, reject) => {
  let text = "";
  answer.on("data", (it) => text += it).on("end", () => resolve(text)).on("error", reject);
});
const why = (error) => "failed: " + String(error.cause?.message ?? error.message);
const ask = async (url, options) => {
  const module = await import(url.split(":")[0]);
  return await new Promise((resolve, reject) => {
    const method = { method: "POST", ...options(module) };
    module.request(url, method, (answer) => resolve(body(answer))).on("error", reject).end("sent");
  });
};
const ways = {
  fetch: (url) => fetch(url, { method: "POST", body: "sent" }).then((it) => it.text()),
  request: (url) => ask(url, () => ({})),
  agent: (url) => ask(url, ({ Agent }) => ({ agent: new Agent({ keepAlive: false }) })),
};
for (const [name, way] of Object.entries(ways)) {
  for (const url of urls) console.log(name, await way(url).catch(why));
  console.log(name, (await Promise.all([1, 2, 3].map((it) => way(urls[0] + it).catch(why)))).join(" | "));
}
if (typeof WebSocket === "function") {
  const listen = (url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = ({ error }) => resolve(why(error ?? new Error("unknown")));
  });
  console.log("socket open," + [await listen("wss://secure.example.org/"), await listen("ws://web.example.org/")]);
}
process.exit();
`;

/** What each way prints for what it reaches. */
function reached(way: string, port: number): readonly string[] {
  return [
    `${way} POST secure.example.org /a sent`,
    `${way} POST web.example.org /b sent`,
    `${way} POST api.example.org:8443 /c sent`,
    `${way} POST localhost:${port} /d sent`,
  ];
}

const together = [1, 2, 3].map((it) => `POST secure.example.org /a${it} sent`).join(" | ");

interface Site extends AsyncDisposable {
  readonly inside: Inside;
  readonly port: number;
  readonly certificate: string;
}

/** Says what it was asked. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  let body = "";
  request.on("data", (bytes) => body += bytes);
  request.on("end", () => response.end(`${request.method} ${request.headers.host} ${request.url} ${body}`));
}

/** Says to a WebSocket over which protocol it came. Source: RFC 6455 §4.2.2, §5.2. */
function upgrade(request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const text = "encrypted" in request.socket ? "wss" : "ws";
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  socket.write(Uint8Array.from([0x81, text.length, ...new TextEncoder().encode(text)]));
}

/** Opens an inside that reaches pages by name over http and https, and one of this machine. */
async function openSite(): Promise<Site> {
  const folder = await temporaryFolder();
  const key = join(folder.path, "key.pem");
  const certificate = join(folder.path, "certificate.pem");
  const subject = ["-subj", "/CN=example.org", "-addext", `subjectAltName=${NAMES.map((it) => `DNS:${it}`).join(",")}`];
  const own = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const kind = [...own, "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const made = await run(["openssl", "req", ...kind, "-keyout", key, "-out", certificate, ...subject]);
  assert.equal(made.code, 0, made.stderr);
  const web = await serve(createHttp(answer).on("upgrade", upgrade));
  const secure = await serve(
    createHttps({ key: await readFile(key), cert: await readFile(certificate) }, answer).on("upgrade", upgrade),
  );
  const outside = {
    "secure.example.org:443": secure.port,
    "api.example.org:8443": secure.port,
    "web.example.org:80": web.port,
  };
  const inside = await openInside([...Object.keys(outside), `localhost:${web.port}`], { outside });
  await copyFile(certificate, join(inside.folder, "certificate.pem"));
  return {
    inside,
    port: web.port,
    certificate: "/run/collet/more/certificate.pem",
    async [Symbol.asyncDispose]() {
      await inside[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
      await secure[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

for (const version of NODE_VERSIONS) {
  test(`Node ${version} inside reaches what is listed by fetch, http and https`, { skip }, async (t) => {
    const node = await findNode(version);
    if ("missing" in node) return t.skip(node.missing);
    await using site = await openSite();
    const env = { NODE_OPTIONS: `--require=${NODE_PROXY}`, NODE_EXTRA_CA_CERTS: site.certificate };
    const { stdout, stderr } = await site.inside.run([node.binary, "-e", CLIENT, String(site.port)], { env });
    const lines = stdout.trim().split("\n");
    for (const way of ["fetch", "request", "agent"]) {
      const printed = lines.filter((line) => line.startsWith(`${way} `));
      assert.deepEqual(printed.slice(0, 4), reached(way, site.port), stderr);
      const refused = /"evil\.example\.org:443" is not granted[^]*"evil\.example\.org:80" is not granted/;
      assert.match(printed.slice(4, 6).join("\n"), refused);
      assert.equal(printed[6], `${way} ${together}`);
    }
    if (version !== "20") assert.equal(lines.at(-1), "socket open,wss,ws");
    assert.equal(stderr, "");
  });
}

test("Node inside is left alone where it is told to find the proxy itself", { skip }, async (t) => {
  const node = await findNode("24");
  if ("missing" in node) return t.skip(node.missing);
  await using site = await openSite();
  const env = { NODE_OPTIONS: `--require=${NODE_PROXY}`, NODE_USE_ENV_PROXY: "1" };
  const code = 'fetch("http://web.example.org/b").then((it) => it.text()).then(console.log)';
  const { stdout } = await site.inside.run([node.binary, "-e", code], { env });
  assert.equal(stdout, "GET web.example.org /b \n");
});

test("a program of Node that uses no network starts as ever with node_proxy.cjs", { skip }, async () => {
  await using inside = await openInside(["web.example.org:80"]);
  const env = { NODE_OPTIONS: `--require=${NODE_PROXY}` };
  const code = "console.log(fetch.name, process.moduleLoadList.some((it) => it.includes('undici')))";
  const { stdout, stderr } = await inside.run(["node", "-e", code], { env });
  assert.deepEqual([stdout, stderr], ["fetch false\n", ""]);
});

test("Deno inside reaches what is listed by fetch", { skip: skip || NO_DENO }, async () => {
  await using site = await openSite();
  const code = `
    for (const url of Deno.args) {
      console.log(await fetch(url, { method: "POST", body: "sent" }).then((it) => it.text(), (it) => "failed: " + it.message));
    }`;
  const urls = ["https://secure.example.org/a", "http://web.example.org/b", "https://api.example.org:8443/c"];
  const more = [`http://localhost:${site.port}/d`, "https://evil.example.org/", "http://evil.example.org/"];
  const env = { DENO_CERT: site.certificate };
  const command = [DENO, "run", "-A", "--no-config", "--no-lock", "-", ...urls, ...more];
  const { stdout, stderr } = await site.inside.run(command, { env, input: code });
  const lines = stdout.trim().split("\n");
  assert.deepEqual(lines.slice(0, 4), reached("", site.port).map((it) => it.trim()), stderr);
  assert.match(lines[4]!, /^failed: /);
  assert.match(lines.slice(5).join("\n"), /^"evil\.example\.org:80" is not granted/);
});
