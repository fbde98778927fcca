import { parseDuration } from '../../model/duration';
import type { ClientOptions } from '../wire/client-options';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';

/** Method and path of a call; names in braces are members of its argument. */
export type Operation = readonly [method: string, path: string];

/** Settings and parameters of any call. */
interface Ask {
  body?: unknown;
  signal?: AbortSignal;
  timeoutMs?: number;
  onAnswer?: (answer: Response) => void;
  ifMatch?: string;
  ifNoneMatch?: string;
  metadata?: Record<string, string>;
  [parameter: string]: unknown;
}

/** Default time that a drain waits for subscribers. */
const DRAIN_WAIT_DEFAULT_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** Longest wait that the registry accepts; it refuses a longer one at once. */
const DRAIN_WAIT_MAX_MS = 300_000;

/** Returns how long the registry holds a drain; 0 if it refuses the wait. */
const drainWaitMs = (wait: unknown): number =>
  wait === undefined ? DRAIN_WAIT_DEFAULT_MS : Math.min(parseDuration(String(wait)) ?? 0, DRAIN_WAIT_MAX_MS);

/**
 * Creates the call of an operation: names go into the path, conditions into headers, the body into the body, and
 * everything else into the query.
 */
export function caller(
  http: RegistryHttp,
  options: ClientOptions,
  [method, pattern]: Operation,
): (ask?: Ask) => Promise<unknown> {
  const waits = method === 'POST' && pattern.endsWith('/drain');
  return async (ask = {}) => {
    const { body, signal, timeoutMs, onAnswer, ifMatch, ifNoneMatch, metadata, ...parameters } = ask;
    const names: Record<string, unknown> = {
      ns: options.namespace ?? 'public',
      group: 'DEFAULT_GROUP',
      ...defined(parameters),
    };
    const inPath = new Set<string>();
    const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
      inPath.add(name);
      const value = names[name];
      if (typeof value !== 'string' || value === '') {
        throw new RollcallError('INVALID_REQUEST', `${method} ${pattern} needs ${name}`, {
          errors: [{ path: name, message: 'is missing' }],
        });
      }
      return encodeURIComponent(value);
    });
    const query = Object.fromEntries([
      ...Object.entries(parameters).filter(([name]) => !inPath.has(name)),
      ...Object.entries(metadata ?? {}).map(([key, value]) => [`metadata.${key}`, value]),
    ]) as Record<string, string>; // `as`: the types of the calls allow nothing else
    const waitMs = waits ? drainWaitMs(parameters.wait) : 0;
    const answer = await http.request(method, path, {
      query,
      body,
      signal,
      timeoutMs: timeoutMs ?? waitMs + TIMEOUT_MS,
      headers: {
        ...(ifMatch !== undefined && { 'If-Match': ifMatch === '*' ? '*' : `"${ifMatch}"` }),
        ...(ifNoneMatch !== undefined && { 'If-None-Match': ifNoneMatch }),
      },
    });
    onAnswer?.(answer);
    try {
      const text = await answer.text();
      if (text === '') return undefined;
      return answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    } catch (error) {
      signal?.throwIfAborted();
      throw await http.failure(error, method, path, 'sent an incomplete response');
    }
  };
}

const defined = (members: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
