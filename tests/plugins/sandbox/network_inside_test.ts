import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, test } from "node:test";
import { until } from "../../support/wait.ts";
import { openInside, run, users, whyNoBubblewrap } from "./network_inside.ts";
import { readToEnd, serveHttp, serveTcp } from "./network_kit.ts";

const skip = await whyNoBubblewrap();
const PYTHON = "/usr/bin/python3";
const NO_PYTHON = skip || ((await run([PYTHON, "--version"])).code !== 0 && "Python is not installed");
const NO_CURL = skip || ((await run(["curl", "--version"])).code !== 0 && "curl is not installed");
const NO_RUBY = skip || ((await run(["ruby", "--version"])).code !== 0 && "Ruby is not installed");

/** Opens each address with urllib, and prints what it gets. */
const URLLIB = `
import sys, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, timeout=20).read().decode())
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode().splitlines()[0])
    except OSError as error:
        print(error)
`;

function refused(address: string): string {
  return `"${address}" is not granted to this tool: it may ask for grants: {network: ["${address}"]} in its manifest`;
}

function page() {
  return serveHttp((request, response) => void response.end(`${request.headers.host} ${request.url}`));
}

for (const user of skip === false ? users() : []) {
  test(`Python inside, as ${user}, reaches what is listed, and is told why not more`, { skip: NO_PYTHON }, async () => {
    await using service = await page();
    const own = `localhost:${service.port}`;
    const outside = { "web.example.org:80": service.port, "api.example.org:8080": service.port };
    await using inside = await openInside([own, ...Object.keys(outside)], { outside, user });
    const urls = [`http://${own}/a?b`, "http://web.example.org/c", "http://api.example.org:8080/d"];
    const others = [`http://127.0.0.2:${service.port}/`, "http://evil.example.org/", "https://evil.example.org/"];
    const { code, stdout, stderr } = await inside.run([PYTHON, "-c", URLLIB, ...urls, ...others]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(stdout.trim().split("\n"), [
      `${own} /a?b`,
      "web.example.org /c",
      "api.example.org:8080 /d",
      `403 ${refused(`127.0.0.2:${service.port}`)}`,
      `403 ${refused("evil.example.org:80")}`,
      `<urlopen error Tunnel connection failed: 403 ${refused("evil.example.org:443")}>`,
    ]);
  });

  test(
    `a program inside, as ${user}, that knows no proxy reaches the same, and no network`,
    { skip: NO_PYTHON },
    async () => {
      await using service = await serveTcp(async (socket) => {
        socket.write("welcome ");
        socket.end((await readToEnd(socket)).toUpperCase());
      });
      await using other = await page();
      const own = `localhost:${service.port}`;
      await using inside = await openInside([own, "db.example.org:5432"], {
        outside: { "db.example.org:5432": service.port },
        user,
      });
      const code = `
import socket, sys
def talk(host, port):
    try:
        with socket.create_connection((host, port), timeout=20) as it:
            it.sendall(b"hello")
            it.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: it.recv(4096), b"")).decode()
    except OSError as error:
        return type(error).__name__
for address in sys.argv[1:]:
    host, _, port = address.rpartition(":")
    print(talk(host, int(port)))
`;
      const addresses = [own, "db.example.org:5432", `127.0.0.1:${other.port}`, "127.0.1.1:22", "192.0.2.1:80"];
      const { stdout, stderr } = await inside.run([PYTHON, "-c", code, ...addresses, "no.example.org:5432"]);
      const [loopback, name, ...others] = stdout.trim().split("\n");
      assert.deepEqual([loopback, name], ["welcome HELLO", "welcome HELLO"], stderr);
      assert.deepEqual(others, ["ConnectionRefusedError", "ConnectionRefusedError", "OSError", "gaierror"]);
    },
  );
}

test("curl and Ruby inside reach what is listed", { skip: NO_CURL || NO_RUBY }, async () => {
  await using service = await page();
  const own = `localhost:${service.port}`;
  const outside = {
    "web.example.org:80": service.port,
    "api.example.org:8080": service.port,
    "10.1.2.1:80": service.port,
  };
  await using inside = await openInside([own, ...Object.keys(outside)], { outside });
  const addresses = [own, "web.example.org", "api.example.org:8080", "10.1.2.1"];
  const urls = addresses.map((address) => `http://${address}/x`);
  const curl = await inside.run(["curl", "-sS", "-w", "\n", ...urls]);
  assert.deepEqual(curl.stdout.trim().split("\n"), addresses.map((it) => `${it} /x`), curl.stderr);
  const code = 'require "net/http"; ARGV.each { |it| puts Net::HTTP.get(URI(it)) }';
  const ruby = await inside.run(["ruby", "-e", code, ...urls]);
  assert.deepEqual(
    ruby.stdout.trim().split("\n").map((it) => it.replace(/:80 /, " ")),
    addresses.map((it) => `${it} /x`),
  );
});

test("services of a program inside are its own, whatever the proxy reaches", { skip: NO_PYTHON }, async () => {
  await using inside = await openInside(["web.example.org:80"]);
  const code = `
import http.server, threading, urllib.request
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"own")
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
for host in ("127.0.0.1", "localhost"):
    print(urllib.request.urlopen(f"http://{host}:{server.server_port}/").read().decode())
`;
  assert.equal((await inside.run([PYTHON, "-c", code])).stdout, "own\nown\n");
});

test("200 connections inside and 100 MB through the bridge arrive whole", { skip: NO_PYTHON }, async () => {
  const size = 100 * 2 ** 20;
  await using service = await serveTcp((socket) => void socket.pipe(socket));
  const own = `localhost:${service.port}`;
  await using inside = await openInside([own]);
  const code = `
import hashlib, os, socket, sys, threading
port, size = int(sys.argv[1]), int(sys.argv[2])
def open_one(): return socket.create_connection(("localhost", port), timeout=50)
many = [open_one() for _ in range(200)]
for i, it in enumerate(many): it.sendall(b"number %d" % i)
for it in many: it.shutdown(socket.SHUT_WR)
print(all(b"".join(iter(lambda: it.recv(99), b"")) == b"number %d" % i for i, it in enumerate(many)))
big, block, sent, got = open_one(), os.urandom(65536), hashlib.sha256(), hashlib.sha256()
def send():
    for _ in range(size // len(block)):
        big.sendall(block); sent.update(block)
    big.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
count = 0
while data := big.recv(65536): got.update(data); count += len(data)
print(count, sent.digest() == got.digest())
parents = [it for it in os.listdir("/proc") if it == str(os.getppid())]
print(next(line.split()[1] for line in open(f"/proc/{parents[0]}/status") if line.startswith("VmHWM")))
`;
  const { stdout, stderr } = await inside.run([PYTHON, "-c", code, String(service.port), String(size)]);
  const [many, big, peakKiB] = stdout.trim().split("\n");
  assert.deepEqual([many, big], ["True", `${size} True`], stderr);
  assert.ok(Number(peakKiB) < 220 * 1_024, `the bridge took ${peakKiB} KiB`);
});

describe("the bridge", { skip }, () => {
  test("ends as its command does, which has its arguments, variables, input and output", async () => {
    await using inside = await openInside(["localhost:9999"]);
    const code = 'cat; echo "$0 $OWN $OUTER"; echo err >&2; exit 7';
    const options = { input: "in ", env: { OWN: "own" }, outerEnv: { OUTER: "ü \"'" } };
    const exited = await inside.run(["sh", "-c", code, "a b"], options);
    assert.deepEqual(exited, { code: 7, stdout: "in a b own ü \"'\n", stderr: "err\n" });
    assert.equal((await inside.run(["sh", "-c", "kill -9 $$"])).code, 137);
    const absent = await inside.run(["no-such-program"]);
    assert.equal(absent.code, 127);
    assert.match(absent.stderr, /^bridge: cannot start "no-such-program": /);
  });

  test("outlives TERM as long as its command", async () => {
    await using inside = await openInside(["localhost:9999"]);
    const { code, stdout } = await inside.run(["sh", "-c", "kill -TERM $PPID; sleep 0.3; echo still; exit 3"]);
    assert.deepEqual([code, stdout], [3, "still\n"]);
  });

  test("leaves nothing when it is ended from outside", async () => {
    await using inside = await openInside(["localhost:9999"]);
    const mark = `86400.${process.pid}`;
    let pid = 0;
    const running = inside.run(["sleep", mark], { onStart: (child) => pid = child.pid ?? 0 });
    await until(() => isRunning(mark), "the command");
    process.kill(pid, "SIGKILL");
    await running;
    await until(() => !isRunning(mark), "the end of the command");
  });

  test("goes on after connections that fail", { skip: NO_PYTHON }, async () => {
    await using inside = await openInside(["localhost:9999", "gone.example.org:5432"]);
    const code = `
import socket, struct
for _ in range(30):
    for port in (9999, ${inside.plan.proxyPort}):
        it = socket.create_connection(("127.0.0.1", port))
        it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        it.send(b"x"); it.close()
def end_of(it):
    try: return it.recv(9)
    except OSError as error: return type(error).__name__
print(end_of(socket.create_connection(("gone.example.org", 5432), timeout=20)))
it = socket.create_connection(("127.0.0.1", ${inside.plan.proxyPort}), timeout=20)
it.sendall(b"nonsense\\r\\n\\r\\n")
print(it.recv(12).decode())
`;
    const { code: exit, stdout, stderr } = await inside.run([PYTHON, "-c", code]);
    assert.equal(exit, 0, stderr);
    // Deno ends where Node resets
    assert.match(stdout, /^(?:ConnectionResetError|b'')\nHTTP\/1\.1 400\n$/);
    assert.equal(stderr, "");
  });
});

function isRunning(mark: string): boolean {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith(`sleep\0${mark}\0`);
    } catch {
      return false;
    }
  });
}
