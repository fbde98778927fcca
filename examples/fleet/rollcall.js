// A few lines of HTTP: all that a program needs to use Rollcall. Node 20, nothing to install.

const REGISTRY = process.env.ROLLCALL_URL ?? 'http://127.0.0.1:8787';
const TOKEN = process.env.ROLLCALL_TOKEN;

/** A registry that does not answer within this time counts as away. */
const TIMEOUT_MS = 2_000;

/** The registry understood the call and refused it. `code` tells programs why, `message` tells people. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the registry answered ${status}`);
    this.status = status;
    this.code = problem.code;
  }
}

/** The path of a service. Names may hold anything, so they are encoded. */
export const servicePath = (service) =>
  `/api/v1/ns/public/groups/DEFAULT_GROUP/services/${encodeURIComponent(service)}`;

/**
 * Calls the registry and returns the answer's body.
 *
 * @throws {Refusal} for an answer that is an error; what `fetch` throws where there was no answer.
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

/** A gateway in between may answer with a page of its own. */
function readProblem(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
