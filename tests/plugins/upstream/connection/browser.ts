/**
 * The browser of a person who agrees to everything.
 *
 * @module
 */

/** Follows an address as a browser does, with cookies; gives the last page. */
export async function browse(start: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hops = 0; hops < 20; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) return await response.text();
    await response.body?.cancel();
    url = new URL(location, url).href;
  }
  throw new Error(`too many redirects, the last to ${url}`);
}
