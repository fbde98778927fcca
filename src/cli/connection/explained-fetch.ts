import { connect as connectTls } from 'node:tls';
import type { Fetch } from '../../client/wire/client-options';
import { withoutBrackets } from '../../model/address';
import { isRecord } from '../../model/json';
import { CliError, EXIT } from '../terminal/failure';
import type { Place } from './place';
import { errorCodeOf } from './traced-fetch';

const isJson = ({ headers }: Response): boolean => /\bjson\b/.test(headers.get('content-type') ?? '');

/** Returns code and detail of the registry's error in a response; empty texts if it is of another program. */
async function problemIn(answer: Response): Promise<{ code: string; detail: string }> {
  const problem: unknown = isJson(answer)
    ? await answer
        .clone()
        .json()
        .catch(() => undefined)
    : undefined;
  const { code, detail } = isRecord(problem) ? problem : {};
  return { code: typeof code === 'string' ? code : '', detail: typeof detail === 'string' ? detail : '' };
}

function noToken({ url, sources }: Place): CliError {
  const set = 'Set ROLLCALL_TOKEN, or save a token: rollcall context add <name> --url <url> --token-file <file>';
  const run = 'Run the command in the folder of rollcall serve, which contains data/root-token, or set ROLLCALL_TOKEN.';
  const advice = sources.url === 'default' ? run : set;
  return new CliError(EXIT.denied, `${url} requires a token, and none is set.`, advice, { code: 'UNAUTHENTICATED' });
}

const PROBE_TIMEOUT_MS = 1_000;

/** Reports whether a port speaks TLS. The certificate is not checked, because nothing is sent. */
function speaksTls({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = withoutBrackets(hostname);
    const socket = connectTls({ host, port: Number(port || 80), rejectUnauthorized: false });
    const end = (speaks: boolean) => {
      socket.destroy();
      resolve(speaks);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => end(false));
    socket.once('secureConnect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Errors of requests in plain text to a port that expects TLS, and the other way round. */
const NOT_PLAIN = /^(?:HPE_\w+|UND_ERR_SOCKET|ECONNRESET|EPIPE)$/;
const NOT_TLS = /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/;

/** Returns the error for a url with http instead of https or the reverse; undefined if that is not the problem. */
async function schemeMistake(place: Place, code: string): Promise<CliError | undefined> {
  const url = new URL(place.url);
  const isPlain = url.protocol === 'http:';
  if (isPlain ? !(NOT_PLAIN.test(code) && (await speaksTls(url))) : !NOT_TLS.test(code)) return undefined;
  const other = `${isPlain ? 'https' : 'http'}://${url.host}`;
  const text = isPlain ? 'it speaks https, not http' : 'it does not speak https';
  const advice = isPlain ? `Use ${other} as the url.` : `Use ${other} as the url, if it has no certificate.`;
  return new CliError(EXIT.unreachable, `Cannot reach ${url.origin}: ${text}.`, advice);
}

/** Returns the reason why a response shows that url or token are wrong; undefined if it does not. */
async function mistakeIn(answer: Response, place: Place): Promise<CliError | undefined> {
  const { origin, pathname } = new URL(place.url);
  const target = answer.redirected ? new URL(answer.url).origin : origin;
  if (target !== origin) {
    return new CliError(EXIT.usage, `${origin} redirects to ${target}.`, `Use ${target} as the url.`);
  }
  const hasPath = new CliError(
    EXIT.usage,
    `The url of the registry has no path, got ${place.url}.`,
    `Use ${origin} instead.`,
  );
  if (answer.status < 400) {
    if (!/\bhtml\b/.test(answer.headers.get('content-type') ?? '')) return undefined;
    // The console answers every path below its own, and its address is easily copied.
    if (answer.headers.has('rollcall-api') && pathname !== '/') return hasPath;
    return new CliError(
      EXIT.unreachable,
      `${place.url} is not a registry: it responds with a web page.`,
      `Check the url and its port; it is from ${place.sources.url}.`,
    );
  }
  const { code, detail } = await problemIn(answer);
  if (code === 'UNAUTHENTICATED') {
    if (place.token === undefined) return noToken(place);
    const text = `${origin} refused the token from ${place.sources.token}: ${detail}.`;
    const advice = 'Use another one, or ask an administrator of the registry for it: rollcall token create';
    return new CliError(EXIT.denied, text, advice, { code });
  }
  if ((code === 'ROUTE_NOT_FOUND' || code === 'METHOD_NOT_ALLOWED') && pathname !== '/') return hasPath;
  // A proxy responds with these while the registry behind it is out of reach.
  const isPassing = answer.status >= 500 || answer.status === 429;
  if (isPassing || isJson(answer)) return undefined;
  return (
    (await schemeMistake(place, 'EPIPE')) ??
    new CliError(
      EXIT.unreachable,
      `${origin} is not a registry: it responds with status ${answer.status}.`,
      `Check the url and its port; it is from ${place.sources.url}.`,
    )
  );
}

/** Wraps the `fetch` of single calls: a response that shows a wrong url or token becomes an error that names it. */
export function explainedFetch(fetch: Fetch, place: Place): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init).catch(async (error: unknown) => {
      throw (await schemeMistake(place, errorCodeOf(error))) ?? error;
    });
    const mistake = await mistakeIn(answer, place);
    if (mistake !== undefined) throw mistake;
    return answer;
  };
}
