import { isDeepStrictEqual } from 'node:util';
import type { RouteCard } from '../../src/http/pipeline/route-card';
import { PROBLEM_TABLE } from '../../src/http/response/error-response';
import type { Answer } from './exchange';
import type { FuzzRequest } from './fuzz-request';
import { unreadable } from './strict-readers';

const STATUS_OF_CODE = new Map(PROBLEM_TABLE.map(({ code, status }) => [code, status]));
/** Words that only internal errors contain. */
const INSIDES = /\bat [\w.#<>]+ \(|\.ts:\d|\.js:\d|TypeError|SQLITE_|RangeError|undefined is not/;
/** Reports whether a response is not a refusal. A preflight's response counts, too. */
const isGood = (status: number): boolean => status < 400;

/** Returns the faults of a response that are independent of the request; mostly none. */
export function answerFaults(
  asked: FuzzRequest,
  answer: Answer,
  cards: ReadonlyMap<string, RouteCard>,
  secrets: readonly string[],
): string[] {
  const faults = secretFaults(answer, secrets);
  // The value of an entry is what a client has put, whatever its type promises.
  if (answer.headers['content-disposition'] === 'attachment' && answer.status < 300) return faults;
  faults.push(...unreadable(answer));
  if (INSIDES.test(answer.body) && asked.operation !== 'readDocs') faults.push('it shows internals');
  if (answer.headers['set-cookie'] !== undefined) faults.push('it sets a cookie');
  if (answer.status >= 500) faults.push(`no fault was injected, and it is ${answer.status}`);
  if (isGood(answer.status)) faults.push(...goodFaults(asked, answer, cards.get(asked.operation)));
  else if (asked.method !== 'HEAD' && asked.dialect === undefined && !ofDialect(asked))
    faults.push(...refusalFaults(answer));
  return faults;
}

/** Reports whether a mutated path leads to a dialect: `/api/../v1` is one of Consul's, whose refusals have its format. */
const ofDialect = ({ target }: FuzzRequest): boolean => {
  const at = `http://registry${target}`;
  const pathname = URL.canParse(at) ? new URL(at).pathname : '';
  return /^\/(?!api\/)(?:n\/[^/]+\/)?(?:v1|v3|v3alpha|v3beta|node|eureka|nacos|version|registry)(?:\/|$)/.test(
    pathname,
  );
};

function secretFaults({ body, headers }: Answer, secrets: readonly string[]): string[] {
  const shown = body + JSON.stringify(headers);
  return secrets.some((secret) => shown.includes(secret)) ? ['it shows a secret'] : [];
}

function refusalFaults({ status, headers, body }: Answer): string[] {
  if (headers['content-type'] !== 'application/problem+json') return [`${status} is no problem document`];
  const problem = parsed(body);
  if (typeof problem !== 'object' || problem === null || !('code' in problem)) return ['the problem has no code'];
  const expected = STATUS_OF_CODE.get(String(problem.code));
  if (expected === undefined) return [`the code ${String(problem.code)} is not in the closed union`];
  const faults = expected === status ? [] : [`${String(problem.code)} is ${expected}, not ${status}`];
  for (const member of ['type', 'title', 'detail'] as const) {
    // `as`: an object, whose missing members are undefined.
    if (typeof (problem as Record<string, unknown>)[member] !== 'string') faults.push(`the problem has no ${member}`);
  }
  if (status === 401 && headers['www-authenticate'] === undefined) faults.push('401 without WWW-Authenticate');
  if (status === 405 && headers.allow === undefined) faults.push('405 without Allow');
  return faults;
}

function goodFaults({ method, operation }: FuzzRequest, answer: Answer, card: RouteCard | undefined): string[] {
  const { status, body, headers } = answer;
  // With a method other than the operation's, it is a different operation, or none.
  if (card === undefined || method !== card.method.toUpperCase() || headers['content-type'] !== 'application/json')
    return [];
  const promised = card.answers[status];
  if (status === 304 && card.conditional === 'read') return [];
  if (promised === undefined) return [`${operation} promises no ${status}`];
  if (promised.schema === undefined) return [];
  const value = parsed(body);
  const result = promised.schema.safeParse(value);
  if (!result.success) return [`the answer does not fit its schema: ${result.error.message}`];
  return isDeepStrictEqual(result.data, value) ? [] : ['the answer has members that its schema does not know'];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
