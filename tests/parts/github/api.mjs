// The two calls of the REST API that a login needs.

const DOCS = "https://docs.github.com/rest";
const PER_PAGE = 30;
const MOST_PER_PAGE = 100;

export const api = {
  /** "Get the authenticated user": no scope is needed for what is public. */
  user(state, request, response) {
    const token = authenticate(state, request, response, "");
    if (!token) return;
    const { id, login, name, email } = state.account(token.account);
    const node_id = Buffer.from(`04:User${id}`).toString("base64");
    const url = `https://api.github.com/users/${login}`;
    answer(response, 200, {
      login, id, node_id, avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`, gravatar_id: "", url,
      html_url: `https://github.com/${login}`, type: "User", user_view_type: "public", site_admin: false, name, company: null,
      blog: "", location: null, email, notification_email: null, hireable: null, bio: null, twitter_username: null,
      public_repos: 0, public_gists: 0, followers: 0, following: 0,
      created_at: "2011-01-25T18:44:36Z", updated_at: "2025-01-25T18:44:36Z",
    });
  },

  /** "List email addresses for the authenticated user": needs the scope `user:email`. */
  emails(state, request, response, url) {
    const token = authenticate(state, request, response, "user, user:email");
    if (!token) return;
    if (!token.scopes.some((scope) => ["user", "user:email"].includes(scope))) {
      return problem(response, 404, "Not Found", "/users/emails#list-email-addresses-for-the-authenticated-user");
    }
    const { emails } = state.account(token.account);
    const size = Math.min(Number(url.searchParams.get("per_page")) || PER_PAGE, MOST_PER_PAGE);
    const current = Math.max(Number(url.searchParams.get("page")) || 1, 1);
    const end = current * size;
    const entry = ({ email, primary = false, verified = false, visibility = null }) => ({ email, primary, verified, visibility });
    const next = new URL(url);
    next.searchParams.set("page", current + 1);
    const link = end < emails.length ? { link: `<${next.href}>; rel="next"` } : {};
    return answer(response, 200, emails.slice(end - size, end).map(entry), link);
  },
};

function authenticate(state, request, response, accepted) {
  response.setHeader("x-accepted-oauth-scopes", accepted);
  if (!request.headers["user-agent"]) {
    const text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n";
    response.writeHead(403, { "content-type": "text/html" }).end(text);
    return null;
  }
  const given = request.headers.authorization;
  if (!given) return problem(response, 401, "Requires authentication", "/users/users#get-the-authenticated-user");
  const token = state.tokens.get(/^(?:bearer|token) (\S+)$/i.exec(given)?.[1]);
  if (!token || !state.account(token.account)) return problem(response, 401, "Bad credentials", "");
  response.setHeader("x-oauth-scopes", token.scopes.join(", "));
  return token;
}

function problem(response, status, message, path) {
  answer(response, status, { message, documentation_url: DOCS + path, status: String(status) });
  return null;
}

function answer(response, status, value, headers = {}) {
  const media = { "content-type": "application/json; charset=utf-8", "x-github-media-type": "github.v3; format=json" };
  response.writeHead(status, { ...media, ...headers }).end(JSON.stringify(value));
}
