// A person with a browser that has no scripts: it keeps cookies, follows redirects and fills in the forms of a provider.
//
// Tests in Rust ask a part's desk for such a walk; tests in Chromium fill in the same forms themselves.

const STEPS = 20;

/** One browser; `cookies` is what it had before, as an object of names and values. */
export class Browser {
  constructor(cookies = {}) {
    this.cookies = { ...cookies };
  }

  /** Sends one request and keeps the cookies of its answer. */
  async send(url, options = {}) {
    const cookie = Object.entries(this.cookies).map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", "user-agent": "a person", ...options.headers, ...(cookie && { cookie }) };
    const response = await fetch(url, { ...options, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  }

  keep(line) {
    const [pair, ...attributes] = line.split(";");
    const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    const gone = attributes.some((attribute) => /^\s*(max-age=0|expires=.*\b1970\b.*)$/i.test(attribute));
    if (gone) delete this.cookies[name];
    else this.cookies[name] = value;
  }

  submit(url, fields) {
    return this.send(url, { method: "POST", body: new URLSearchParams(fields) });
  }

  /**
   * Goes from an authorization URL to where the provider sends the person back: `{callback, form?, cookies}`, where `form` has the
   * fields of a `form_post` answer. `person` has `login` and `password`, or `cancel: true` to refuse; `detour` may deal with a URL itself.
   */
  async walk(url, person, detour = () => null) {
    const home = new URL(url).origin;
    let response = await this.send(url);
    let here = url;
    for (let step = 0; step < STEPS; step += 1) {
      const next = await this.following(response, here, person);
      if (new URL(next.url).origin !== home) return { callback: next.url, form: next.fields, cookies: this.cookies };
      here = next.url;
      const skipped = await detour(here);
      if (skipped) here = skipped;
      response = next.fields ? await this.submit(here, next.fields) : await this.send(here);
    }
    throw new Error(`still at ${here} after ${STEPS} steps`);
  }

  async following(response, here, person) {
    const location = response.headers.get("location");
    if (location) return { url: new URL(location, here).href };
    const html = await response.text();
    const problem = () => new Error(`${here}: ${response.status} ${html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").slice(0, 500)}`);
    if (response.status >= 400 || /role="alert">[^<]/.test(html)) throw problem();
    const cancel = person.cancel && /<a [^>]*href="([^"]*)"[^>]*data-cancel/.exec(html);
    if (cancel) return { url: new URL(unescaped(cancel[1]), here).href };
    const found = forms(html, here);
    const form = found.find(({ cancels }) => person.cancel && cancels) ?? found[0];
    if (!form) throw problem();
    return { url: form.url, fields: filled(form.fields, person) };
  }
}

/** The forms of a page: `{url, fields, cancels}`, with the name and value of its first button among the fields. */
export function forms(html, here) {
  return [...html.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(([, head, inside]) => {
    const inputs = [...inside.matchAll(/<input([^>]*)>/g)].filter(([, input]) => attribute(input, "name"));
    const fields = Object.fromEntries(inputs.map(([, input]) => [attribute(input, "name"), attribute(input, "value") ?? ""]));
    const button = /<button([^>]*)>/.exec(inside)?.[1] ?? "";
    if (attribute(button, "name")) fields[attribute(button, "name")] = attribute(button, "value") ?? "";
    const action = attribute(button, "formaction") ?? attribute(head, "action") ?? here;
    return { url: new URL(action, here).href, fields, cancels: /\sdata-cancel/.test(button) };
  });
}

function filled(fields, person) {
  const known = { login: person.login, password: person.password };
  const asked = Object.keys(fields).filter((name) => name in known);
  return { ...fields, ...Object.fromEntries(asked.map((name) => [name, known[name] ?? ""])) };
}

function attribute(text, name) {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text);
  return found ? unescaped(found[1]) : undefined;
}

function unescaped(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  const one = (whole, code) => (code[0] === "#" ? String.fromCodePoint(Number(code.slice(1).replace(/^x/i, "0x"))) : named[code] ?? whole);
  return text.replace(/&(#x?[0-9a-f]+|\w+);/gi, one);
}
