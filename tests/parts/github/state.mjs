// What the stand-in remembers: accounts, its one app, sessions, codes, tokens, and who authorized which scopes.

import { randomBytes } from "node:crypto";

const CODE_SECONDS = 600;

export class State {
  sessions = new Map();
  codes = new Map();
  tokens = new Map();
  authorized = new Map();
  #ahead = 0;

  constructor(client, accounts) {
    this.client = { client_id: "Iv1.doorward", name: "Doorward", redirect_uri: "http://localhost/callback" };
    this.setClient(client);
    this.setAccounts(accounts);
  }

  setClient(members) {
    Object.assign(this.client, members);
  }

  setAccounts(list) {
    this.accounts = list.map((account, index) => ({
      id: 583231 + index, name: null, email: null, emails: [], password: "password", ...account,
    }));
  }

  advance(seconds) {
    this.#ahead += seconds;
  }

  /** Tries a password; the value of the session's cookie, or nothing. */
  openSession(login, password) {
    const account = this.accounts.find((one) => one.login === login && one.password === password);
    return account && remember(this.sessions, account.id);
  }

  /** The account of the session's cookie. */
  person(request) {
    const cookie = /(?:^|;\s*)user_session=([^;]+)/.exec(request.headers.cookie ?? "");
    return this.account(this.sessions.get(cookie?.[1]));
  }

  account(id) {
    return this.accounts.find((one) => one.id === id);
  }

  issueCode(grant) {
    return remember(this.codes, { ...grant, at: this.#now() });
  }

  /** Takes a code, which works once and for ten minutes. */
  takeCode(code) {
    const grant = this.codes.get(code);
    this.codes.delete(code);
    return grant && this.#now() - grant.at <= CODE_SECONDS ? grant : undefined;
  }

  issueToken(account, scopes) {
    return remember(this.tokens, { account, scopes }, "gho_");
  }

  #now() {
    return Date.now() / 1000 + this.#ahead;
  }
}

function remember(map, value, prefix = "") {
  const key = prefix + randomBytes(18).toString("hex");
  map.set(key, value);
  return key;
}
