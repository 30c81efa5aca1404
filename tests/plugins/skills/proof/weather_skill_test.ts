/**
 * The weather-skill of the usage text of `run_skill_script`, word for word: its scripts import what lies beside them and
 * packages that they declare, and ask a service that a proxy on loopback stands for.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { type JsonObject, textOf } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { choosePath, uvPath } from "../../dependencies/kit.ts";
import { ERAS, Machine, type Talk } from "./kit.ts";

const SERVICE = "api.weather.com";
const WEATHER = { city: "London", temperature: 11.5, conditions: "drizzle" };
const KEY = "key-of-the-weather";

const GRANTS = "metadata:\n  collet.grants: '{\"network\": true}'\n";
const SKILL = (name: string, more = "") =>
  `---\nname: ${name}\ndescription: Tells the weather\n${more}---\n# Weather\n`;

const MAIN = `from api_client import WeatherAPI
from formatters import format_temperature

api = WeatherAPI()
data = api.get_weather("London")
print(format_temperature(data))
`;
const FETCH_WEATHER = `#!/usr/bin/env python3
# /// script
# dependencies = [
#   "requests>=2.31.0",
#   "beautifulsoup4>=4.12.0",
# ]
# ///

import requests
from bs4 import BeautifulSoup

response = requests.get("https://api.weather.com/data")
print(response.json())
`;
const API_CLIENT = `import os
from urllib.request import Request, urlopen

from parsers import parse


class WeatherAPI:
    def get_weather(self, city):
        request = Request("https://${SERVICE}/data?city=" + city, headers={"X-Key": os.environ["WEATHER_KEY"]})
        with urlopen(request) as answer:
            return parse(answer.read())
`;
const PARSERS = "import json\n\n\ndef parse(data):\n    return json.loads(data)\n";
const FORMATTERS = `def format_temperature(data):
    return "%s: %.1f °C" % (data["city"], data["temperature"])
`;

after(removeBundle);

/** Makes a certificate of the service in a folder. */
async function certify(folder: string): Promise<{ readonly key: string; readonly cert: string }> {
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${SERVICE}`, "-addext", `subjectAltName=DNS:${SERVICE}`],
    ...["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`],
  ]);
  return { key: await readFile(`${folder}/key.pem`, "utf8"), cert: await readFile(`${folder}/cert.pem`, "utf8") };
}

/** Leads every connection that asks for the service to a port, and refuses others. */
function proxyTo(port: number, targets: string[], open: Set<Socket>): Server {
  return createTcpServer((socket) => {
    let head = "";
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.on("data", function read(bytes) {
      head += bytes.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      const [, target = ""] = /^CONNECT (\S+) HTTP/.exec(head) ?? [];
      targets.push(target);
      if (target !== `${SERVICE}:443`) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      const way = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(way).pipe(socket);
      });
      open.add(way);
      way.on("error", () => socket.destroy()).on("close", () => open.delete(way));
    });
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("the weather-skill of the usage text", { timeout: 300_000 }, () => {
  let machine: Machine;
  let path: AsyncDisposable;
  const talks: Talk[] = [];
  const servers: Server[] = [];
  const open = new Set<Socket>();
  const targets: string[] = [];
  const keys: unknown[] = [];
  before(async () => {
    const uv = uvPath();
    // pip does the same, and takes longer
    path = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
    machine = await Machine.make();
    const { key, cert } = await certify(machine.path);
    const service = createServer({ key, cert }, (request, response) => {
      keys.push(request.headers["x-key"]);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(WEATHER));
    });
    const proxy = proxyTo(await listen(service), targets, open);
    servers.push(service, proxy);
    const files = {
      "main.py": MAIN,
      "api_client.py": API_CLIENT,
      "parsers.py": PARSERS,
      "formatters.py": FORMATTERS,
      "fetch_weather.py": FETCH_WEATHER,
      "certificate.pem": cert,
      ".env": `HTTPS_PROXY=http://127.0.0.1:${await listen(proxy)}\nREQUESTS_CA_BUNDLE=certificate.pem\n` +
        `SSL_CERT_FILE=certificate.pem\nWEATHER_KEY='${KEY}' # of the test\n`,
    };
    await machine.skill("weather-skill", { ...files, "SKILL.md": SKILL("weather-skill", GRANTS) });
    await machine.skill("offline-skill", { ...files, "SKILL.md": SKILL("offline-skill") });
    await machine.configure({ plugins: { grants: { ceiling: { network: true } } } });
    const server = await machine.serve();
    for (const era of ERAS) talks.push(await server.connect({ era }));
  });
  after(async () => {
    for (const talk of talks) await talk[Symbol.asyncDispose]();
    await machine[Symbol.asyncDispose]();
    await path[Symbol.asyncDispose]();
    for (const socket of open) socket.destroy();
    await Promise.all(servers.map((it) => new Promise((resolve) => it.close(resolve))));
  });

  const run = async (talk: Talk, args: JsonObject) => {
    const result = await talk.call("run_skill_script", { skill_name: "weather-skill", ...args });
    return { text: textOf(result), isError: result.isError };
  };

  test("runs main.py, which imports what lies beside it", async () => {
    for (const talk of talks) {
      const { text, isError } = await run(talk, { script_path: "main.py", args: ["--city", "London"] });
      assert.equal(text, "Script: weather-skill/main.py\nExit code: 0\n\nSTDOUT:\nLondon: 11.5 °C\n\n");
      assert.equal(isError, false);
    }
    assert.deepEqual(keys.splice(0), [KEY, KEY]);
    assert.ok(targets.length >= 2 && targets.every((it) => it === `${SERVICE}:443`), targets.join());
  });

  test("runs fetch_weather.py with the packages that it declares", async () => {
    for (const talk of talks) {
      const { text } = await run(talk, { script_path: "fetch_weather.py", args: ["--city", "London"], timeout: 60 });
      const printed = "{'city': 'London', 'temperature': 11.5, 'conditions': 'drizzle'}";
      assert.equal(text, `Script: weather-skill/fetch_weather.py\nExit code: 0\n\nSTDOUT:\n${printed}\n\n`);
    }
  });

  test("leaves nothing in its folder", async () => {
    const found = (await readdir(machine.at("home/skills/weather-skill"))).sort();
    assert.deepEqual(found, [
      ...[".env", "SKILL.md", "api_client.py", "certificate.pem", "fetch_weather.py", "formatters.py", "main.py"],
      "parsers.py",
    ]);
  });

  test("reaches no network that its SKILL.md does not ask for", async (context) => {
    const before = targets.length;
    const { text, isError } = await run(talks[0]!, { skill_name: "offline-skill", script_path: "main.py" });
    if (targets.length > before) return context.skip("no sandbox on this machine");
    assert.equal(isError, true);
    assert.match(text, /^Script: offline-skill\/main\.py\nExit code: 1\n\nSTDERR:\nTraceback/);
  });
});
