/**
 * The values of `format` that are checked; each check is linear in the text. Others, such as `iri` and `idn-email`,
 * are annotations here, as the specification allows.
 *
 * Sources: RFC 3339 (dates, durations), RFC 5321 (email), RFC 1123 (hostname), RFC 2673 and 4291 (addresses),
 * RFC 3986 (URIs), RFC 4122 (UUID), RFC 6901 (JSON pointer), RFC 6570 (URI templates).
 *
 * @module
 */
const DATE_REGEXP = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME_REGEXP = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DURATION_REGEXP =
  /^P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)$/;
const LABEL_REGEXP = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const LOCAL_PART_REGEXP = /^[\w!#$%&'*+/=?^`{|}~.-]{1,64}$/;
const QUOTED_PART_REGEXP = /^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;
const OCTET_REGEXP = /^(?:0|[1-9]\d{0,2})$/;
const UUID_REGEXP = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const POINTER_REGEXP = /^(?:\/(?:[^~/]|~[01])*)*$/;
const RELATIVE_POINTER_REGEXP = /^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/;
const SCHEME_REGEXP = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const URI_TEXT_REGEXP = /^(?:[\w.~:/?@!$&'()*+,;=-]|%[\dA-Fa-f]{2})*$/;

const TEMPLATE_REGEXP =
  /^(?:[^\s\p{Cc}"<>\\^`{|}]|\{[+#./;?&]?[\w%]+(?:\.[\w%]+)*(?:\*|:[1-9]\d{0,3})?(?:,[\w%]+(?:\.[\w%]+)*(?:\*|:[1-9]\d{0,3})?)*\})*$/u;

/** Tells whether a text has the format. */
export type Format = (text: string) => boolean;

/** Checks by the name of the format. */
export const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["date", isDate],
  ["time", isTime],
  ["date-time", (text) => isDate(text.slice(0, 10)) && /[Tt]/.test(text[10] ?? "") && isTime(text.slice(11))],
  ["duration", (text) => text !== "P" && DURATION_REGEXP.test(text)],
  ["email", isEmail],
  ["hostname", isHostname],
  ["ipv4", isIpv4],
  ["ipv6", isIpv6],
  ["uri", (text) => SCHEME_REGEXP.test(text) && isUriText(text)],
  ["uri-reference", isUriText],
  ["uri-template", (text) => TEMPLATE_REGEXP.test(text)],
  ["uuid", (text) => UUID_REGEXP.test(text)],
  ["json-pointer", (text) => POINTER_REGEXP.test(text)],
  ["relative-json-pointer", (text) => RELATIVE_POINTER_REGEXP.test(text)],
  ["regex", isRegexp],
]);

function isDate(text: string): boolean {
  const [, year, month, day] = (DATE_REGEXP.exec(text) ?? []).map(Number);
  if (year === undefined || month! < 1 || month! > 12 || day! < 1) return false;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day! <= [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month! - 1]!;
}

function isTime(text: string): boolean {
  const found = TIME_REGEXP.exec(text);
  if (found === null) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = [1, 2, 3, 5, 6].map((group) => Number(found[group] ?? 0));
  if (hour! > 23 || minute! > 59 || second! > 60 || offsetHour! > 23 || offsetMinute! > 59) return false;
  if (second! < 60) return true;
  // a leap second is the last of a day of UTC
  const offset = (offsetHour! * 60 + offsetMinute!) * (found[4] === "-" ? -1 : 1);
  return (hour! * 60 + minute! - offset + 2880) % 1440 === 1439;
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  if (at < 1) return false;
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  const isLocal = local.length <= 64 && QUOTED_PART_REGEXP.test(local) ||
    LOCAL_PART_REGEXP.test(local) && !/^\.|\.\.|\.$/.test(local);
  if (!isLocal) return false;
  if (!domain.startsWith("[") || !domain.endsWith("]")) return isHostname(domain);
  const address = domain.slice(1, -1);
  return address.startsWith("IPv6:") ? isIpv6(address.slice(5)) : isIpv4(address);
}

function isHostname(text: string): boolean {
  return text.length <= 253 &&
    text.split(".").every((label) => LABEL_REGEXP.test(label) && !/^(?!xn)..--/i.test(label));
}

function isIpv4(text: string): boolean {
  const parts = text.length <= 15 ? text.split(".") : [];
  return parts.length === 4 && parts.every((part) => OCTET_REGEXP.test(part) && Number(part) < 256);
}

function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    const parts = half === "" ? [] : half.split(":");
    for (const [at, part] of parts.entries()) {
      const isLast = index === halves.length - 1 && at === parts.length - 1;
      if (isLast && isIpv4(part)) groups += 2;
      else if (/^[\da-f]{1,4}$/i.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

function isUriText(text: string): boolean {
  const [beforeFragment = "", ...fragments] = text.split("#");
  if (fragments.length > 1 || !URI_TEXT_REGEXP.test(fragments[0] ?? "")) return false;
  const [, scheme, authority, rest = ""] = /^([^:/?]*:)?(?:\/\/([^/?]*))?(.*)$/s.exec(beforeFragment) ?? [];
  if (scheme !== undefined && !SCHEME_REGEXP.test(scheme)) return false;
  return URI_TEXT_REGEXP.test(rest) && (authority === undefined || isAuthority(authority));
}

function isAuthority(text: string): boolean {
  const [host = "", user = "", ...others] = text.split("@").reverse();
  if (others.length > 0) return false;
  const [, address, port = ""] = /^\[([^\]]*)\](.*)$/s.exec(host) ?? [];
  if (address === undefined) return URI_TEXT_REGEXP.test(text) && /^[^:]*(?::\d*)?$/.test(host);
  const isAddress = isIpv6(address) || /^v[\da-f]+\.[\w.~!$&'()*+,;=:-]+$/i.test(address);
  return isAddress && URI_TEXT_REGEXP.test(user) && /^(?::\d*)?$/.test(port);
}

function isRegexp(text: string): boolean {
  if (text.length > 10_000) return false;
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
