/**
 * `URL` and `URLSearchParams`, by those of the host.
 *
 * A script of the engine, given functions of the host.
 */
((host, { define }) => {
  const { parse, stringify } = JSON;

  class URLSearchParams {
    #entries;
    /** Tells a URL of a change. */
    #changed = () => {};
    constructor(init = "") {
      if (typeof init === "object" && init !== null) {
        const pairs = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
        this.#entries = pairs.map(([name, value]) => [`${name}`, `${value}`]);
      } else this.#entries = parse(host.readSearch(stringify(`${init}`)));
    }
    static bind(url, search) {
      const params = new URLSearchParams(search);
      params.#changed = () => url(params.toString());
      return params;
    }
    static refill(params, search) {
      params.#entries = new URLSearchParams(search).#entries;
    }
    get size() {
      return this.#entries.length;
    }
    append(name, value) {
      this.#entries.push([`${name}`, `${value}`]);
      this.#changed();
    }
    delete(name, value) {
      this.#entries = this.#entries.filter(([key, it]) =>
        key !== `${name}` || (value !== undefined && it !== `${value}`)
      );
      this.#changed();
    }
    get(name) {
      return this.#entries.find(([key]) => key === `${name}`)?.[1] ?? null;
    }
    getAll(name) {
      return this.#entries.filter(([key]) => key === `${name}`).map(([, value]) => value);
    }
    has(name, value) {
      return this.#entries.some(([key, it]) => key === `${name}` && (value === undefined || it === `${value}`));
    }
    set(name, value) {
      const at = this.#entries.findIndex(([key]) => key === `${name}`);
      if (at === -1) return this.append(name, value);
      this.#entries[at][1] = `${value}`;
      this.#entries = this.#entries.filter(([key], i) => i <= at || key !== `${name}`);
      this.#changed();
    }
    sort() {
      this.#entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
      this.#changed();
    }
    forEach(use, self) {
      for (const [name, value] of this) use.call(self, value, name, this);
    }
    *keys() {
      for (const [name] of this.#entries) yield name;
    }
    *values() {
      for (const [, value] of this.#entries) yield value;
    }
    *entries() {
      for (const [name, value] of this.#entries) yield [name, value];
    }
    [Symbol.iterator]() {
      return this.entries();
    }
    toString() {
      return parse(host.writeSearch(stringify(this.#entries)));
    }
  }
  const { bind, refill } = URLSearchParams;
  delete URLSearchParams.bind;
  delete URLSearchParams.refill;

  class URL {
    #parts;
    #search;
    constructor(href, base) {
      this.#parts = parse(host.readUrl(stringify(base === undefined ? [`${href}`] : [`${href}`, `${base}`])));
    }
    static canParse(href, base) {
      return URL.parse(href, base) !== null;
    }
    static parse(href, base) {
      try {
        return new URL(href, base);
      } catch {
        return null;
      }
    }
    static part(url, name) {
      return url.#parts[name];
    }
    static write(url, name, value) {
      url.#parts = parse(host.writeUrl(stringify([url.#parts.href, name, `${value}`])));
      if (url.#search !== undefined && name !== "hash") refill(url.#search, url.#parts.search);
    }
    get origin() {
      return this.#parts.origin;
    }
    get searchParams() {
      return this.#search ??= bind((search) => {
        this.#parts = parse(host.writeUrl(stringify([this.#parts.href, "search", search])));
      }, this.#parts.search);
    }
    toString() {
      return this.#parts.href;
    }
    toJSON() {
      return this.#parts.href;
    }
  }
  const { part, write } = URL;
  delete URL.part;
  delete URL.write;
  const PARTS = "href protocol username password host hostname port pathname search hash";
  for (const name of PARTS.split(" ")) {
    Object.defineProperty(URL.prototype, name, {
      get() {
        return part(this, name);
      },
      set(value) {
        write(this, name, value);
      },
      enumerable: true,
      configurable: true,
    });
  }

  define({ URL, URLSearchParams });
});
