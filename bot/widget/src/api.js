// Calls of the chat API (docs/api.md). A problem becomes an Error with the words for the person, the code and the status.

export const CHAT = "/api/chat/v1";
export const DATES = "/api/deadlines/v1";

// A phone with a bad connection gets an answer or the next try, and never waits for ever.
const LONGEST_WAIT = 30000;

export async function call(address, { method = "GET", body, token, language } = {}) {
  const headers = {};
  if (language) headers["Accept-Language"] = language;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(address, {
    method,
    headers,
    body: JSON.stringify(body),
    credentials: "omit",
    signal: AbortSignal.timeout(LONGEST_WAIT),
  });
  if (response.ok) return response;
  // A proxy in between may answer with something that is not JSON.
  const { detail, code } = await response.json().catch(() => ({}));
  throw Object.assign(new Error(detail), { code, status: response.status, after: Number(response.headers.get("Retry-After")) });
}

export async function callJson(address, options) {
  const response = await call(address, options);
  return response.status === 204 ? null : response.json();
}

// An error in words; without a status nothing came back at all.
export const explain = (error, say, otherwise = "cut") => (error.status ? error.message || say("failed") : say(otherwise));

export const isGone = (error) => error.status === 401 || error.status === 403 || error.code === "conversation_gone";

export const isTemporary = (error) => !error.status || error.status === 429 || error.status >= 500;
