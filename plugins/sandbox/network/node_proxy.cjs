// deno-lint-ignore-file no-process-global -- it runs on Node, before the program
/**
 * Lets `fetch`, `WebSocket`, `http` and `https` of Node connect through the proxy of the environment, by CONNECT. It is
 * given to Node by `--require`, and does nothing without a proxy.
 *
 * Node does so itself when it is told to by `NODE_USE_ENV_PROXY` (since 22.21 and 24.5), and is left alone then; but it
 * does so for its global agents only, takes longer to start, warns on stderr, and keeps to itself why `fetch` was refused.
 *
 * @module
 */
"use strict";

const TIMEOUT_MS = 30_000;
const LONGEST_HEAD = 65_536;
/** Where every copy of undici looks for what sends its requests. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

function readProxy() {
  const { versions, env, allowedNodeEnvironmentFlags: flags } = process;
  if (versions.bun !== undefined || versions.deno !== undefined) return undefined;
  // the flag came with what it switches on for fetch, http and https alike
  if (env.NODE_USE_ENV_PROXY === "1" && flags.has("--use-env-proxy")) return undefined;
  try {
    const { hostname, port, protocol } = new URL(env.https_proxy ?? env.HTTPS_PROXY ?? "");
    return protocol === "http:" ? { host: hostname, port: Number(port || 80) } : undefined;
  } catch {
    return undefined;
  }
}

const proxy = readProxy();
if (proxy !== undefined) install();

function install() {
  const http = require("node:http");
  const https = require("node:https");
  const net = require("node:net");
  const tls = require("node:tls");
  const direct = (process.env.no_proxy ?? process.env.NO_PROXY ?? "").toLowerCase().split(",")
    .map((it) => it.trim().replace(/^\[|\]$/g, "")).filter((it) => it !== "");

  function isDirect(host) {
    const name = host.toLowerCase().replace(/^\[|\]$/g, "");
    return direct.some((it) => it === "*" || name === it || name.endsWith(`.${it}`));
  }

  /** Opens a way to a host and port; calls back with an error, or the socket. */
  function openTunnel(host, port, done) {
    const target = `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
    const socket = net.connect(proxy);
    let head = "";
    let isOver = false;
    const finish = (error) => {
      if (isOver) return;
      isOver = true;
      socket.off("readable", onReadable).off("error", finish).off("close", onClose).off("timeout", onTimeout);
      socket.setTimeout(0);
      if (error === undefined) return done(null, socket);
      socket.on("error", () => {});
      socket.destroy();
      done(error);
    };
    const onClose = () => finish(new Error(`Cannot connect to "${target}": the proxy broke off`));
    const onTimeout = () => finish(new Error(`Cannot connect to "${target}": the proxy does not answer`));
    const onReadable = () => {
      for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) {
        head += bytes.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end >= 0) {
          const [first] = head.split("\r\n", 1);
          if (!/^HTTP\/1\.[01] 200 /.test(first)) {
            return finish(new Error(`Cannot connect to "${target}": the proxy says ${first.slice(9)}`));
          }
          const rest = head.slice(end + 4);
          if (rest !== "") socket.unshift(Buffer.from(rest, "latin1"));
          return finish();
        }
        if (head.length > LONGEST_HEAD) return finish(new Error("Cannot read what the proxy says: it is too long"));
      }
    };
    socket.on("readable", onReadable).on("error", finish).on("close", onClose).on("timeout", onTimeout);
    socket.setTimeout(TIMEOUT_MS);
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  }

  // agents that programs make themselves inherit it, those that override it have a way of their own
  for (const { Agent } of [http, https]) {
    const connect = Agent.prototype.createConnection;
    Agent.prototype.createConnection = function createConnection(options, done) {
      const isOther = options === null || typeof options !== "object" || typeof done !== "function";
      const host = isOther ? undefined : options.host ?? options.hostname;
      if (typeof host !== "string" || options.socketPath || options.socket || isDirect(host)) {
        return connect.apply(this, arguments);
      }
      openTunnel(host, options.port, (error, socket) => {
        if (error) return done(error);
        if (Agent === http.Agent) return done(null, socket);
        done(null, connect.call(this, { ...options, socket }));
      });
    };
  }

  /** Connects for undici. */
  function connectForFetch({ hostname, port, protocol, servername, localAddress }, done) {
    const isSecure = protocol === "https:";
    const actual = Number(port || (isSecure ? 443 : 80));
    const secure = (socket) => {
      if (!isSecure) return done(null, socket);
      const name = servername || (net.isIP(hostname.replace(/^\[|\]$/g, "")) ? "" : hostname);
      const wrapped = tls.connect({ socket, servername: name, host: hostname, ALPNProtocols: ["http/1.1"] });
      const finish = (error) => {
        wrapped.off("error", finish).off("secureConnect", finish);
        if (error) done(error);
        else done(null, wrapped);
      };
      wrapped.on("error", finish).on("secureConnect", finish);
    };
    if (!isDirect(hostname)) {
      return openTunnel(hostname, actual, (error, socket) => error ? done(error) : secure(socket));
    }
    const socket = net.connect({ host: hostname.replace(/^\[|\]$/g, ""), port: actual, localAddress });
    const finish = (error) => {
      socket.off("error", finish).off("connect", finish);
      if (error) done(error);
      else secure(socket);
    };
    socket.on("error", finish).on("connect", finish);
  }

  // what fetch and WebSocket send by is loaded when it is first used; an agent of undici is made from the one found then
  let isReady = false;
  function prepare() {
    if (isReady) return;
    isReady = true;
    void globalThis.Response;
    const Dispatcher = globalThis[DISPATCHER]?.constructor;
    // a program may have set another one, which it knows best
    if (Dispatcher?.name === "Agent") globalThis[DISPATCHER] = new Dispatcher({ connect: connectForFetch });
  }

  const { fetch } = globalThis;
  if (typeof fetch === "function") {
    globalThis.fetch = Object.defineProperty(
      function (input, init = undefined) {
        prepare();
        return fetch(input, init);
      },
      "name",
      { value: "fetch" },
    );
  }
  for (const name of ["WebSocket", "EventSource"]) {
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    if (property?.get === undefined || !property.configurable) continue;
    Object.defineProperty(globalThis, name, {
      ...property,
      get() {
        prepare();
        return property.get.call(globalThis);
      },
    });
  }
}
