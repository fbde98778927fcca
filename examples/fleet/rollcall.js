// A few lines of HTTP: all that a program needs to use Rollcall. Node 20, nothing to install.

const REGISTRY = process.env.ROLLCALL_URL ?? 'http://127.0.0.1:8787';
const TOKEN = process.env.ROLLCALL_TOKEN;

/** A registry that does not answer within this time counts as unreachable. */
const TIMEOUT_MS = 2_000;

/** Error of a call that the registry refused. `code` is for programs, `message` for people. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the registry answered ${status}`);
    this.status = status;
    this.code = problem.code;
  }
}

/** Returns the path of a service. Names may contain any characters, so they are encoded. */
export const servicePath = (service) =>
  `/api/v1/ns/public/groups/DEFAULT_GROUP/services/${encodeURIComponent(service)}`;

/**
 * Calls the registry and returns the body of the response.
 *
 * @throws {Refusal} If the response is an error. Errors of `fetch` are passed on if there is no response.
 */
export async function callRollcall(method, path, body, timeoutMs = TIMEOUT_MS) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(new URL(path, REGISTRY), {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : JSON.parse(text);
  throw new Refusal(response.status, readProblem(text));
}

/** Parses a problem document. A gateway in between may return a page of its own, which is not JSON. */
function readProblem(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
