/**
 * What the settings mean for the HTTP app.
 *
 * @module
 */
import { LOOPBACK_HOSTS } from "../transports/access.ts";
import type { AppOptions } from "../transports/app.ts";
import type { Settings } from "./settings.ts";

/** Tells whether a host name or address is one that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Gives the options of the HTTP app that the settings make. */
export function appOptions(settings: Settings, token: string | undefined): AppOptions {
  const { host, allowedHosts, allowedOrigins, limits } = settings;
  return {
    allowedHosts: allowedHosts?.includes("*") ? "*" : allowedHosts ?? defaultHosts(host),
    ...(allowedOrigins !== undefined && { allowedOrigins }),
    ...(token !== undefined && { token }),
    maxMessageBytes: limits.maxMessageBytes,
    sessions: { idleMs: limits.sessionIdleMs, maxAgeMs: limits.sessionMaxAgeMs, maxSessions: limits.maxSessions },
    parking: { maxParked: limits.maxParked, ttlMs: limits.parkedMs },
  };
}

// the names by which others reach this machine are not known here; they show a token
function defaultHosts(host: string): readonly string[] | "*" {
  return isLoopback(host) ? [...LOOPBACK_HOSTS, host] : "*";
}
