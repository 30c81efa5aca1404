/**
 * Waits, in a Deno that has warmed what scripts usually need, for the script that it is to become.
 *
 * It is given to Deno by `--preload`, so that it runs before the main module is looked for, which is not there yet. When
 * all is warm, it says so by the line `COLLET` on stdout. What comes on stdin is `COLLET `, the length of a header as 8
 * hexadecimal digits, a line feed and the header, JSON: `{"file", "env"?, "files"?, "cwd"?, "revoke"?}`. The file has to
 * be the one that Deno was started with, with its arguments; `revoke` lists folders that it may not change from then on.
 *
 * @module
 */

const PREFIX_SIZE = 16;
const TYPESCRIPT = "interface A { readonly a: number }\nexport const a: A = { a: 1 };\nexport default a;";

/** Warms what loads and transpiles modules, and what reads lines. */
async function warm() {
  await import(`data:application/typescript,${encodeURIComponent(TYPESCRIPT)}`);
  const source = ReadableStream.from([new TextEncoder().encode('{"a":1}\n')]);
  for await (const text of source.pipeThrough(new TextDecoderStream())) Deno.inspect(JSON.parse(text));
}

/** Reads so many bytes of stdin, and not one more: what follows is meant for the script. */
function read(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = Deno.stdin.readSync(bytes.subarray(at));
    if (count === null) Deno.exit(0);
    at += count;
  }
  return bytes;
}

function readHeader() {
  const prefix = new TextDecoder().decode(read(PREFIX_SIZE));
  if (prefix.startsWith("COLLET ")) {
    return JSON.parse(new TextDecoder().decode(read(Number.parseInt(prefix.slice(7), 16))));
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`Cannot read a header: it begins with ${JSON.stringify(prefix)}\n`));
  Deno.exit(1);
}

function become({ env = {}, files = {}, cwd, revoke = [] }) {
  for (const [name, value] of Object.entries(env)) {
    // what the script may not read need not be there
    if (Deno.permissions.querySync({ name: "env", variable: name }).state === "granted") Deno.env.set(name, value);
  }
  for (const [path, content] of Object.entries(files)) {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, Uint8Array.fromBase64(content.base64));
  }
  if (cwd !== undefined) Deno.chdir(cwd);
  for (const path of revoke) Deno.permissions.revokeSync({ name: "write", path });
}

// threads that a script starts come here as well
if (typeof WorkerGlobalScope === "undefined") {
  await warm();
  Deno.stdout.writeSync(new TextEncoder().encode("COLLET\n"));
  become(readHeader());
}
