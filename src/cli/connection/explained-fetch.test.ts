import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testAuthority } from '../../../test/programs/certificates';
import { temporaryFolder } from '../../../test/programs/temporary-folder';
import { CliError } from '../terminal/failure';
import { explainedFetch } from './explained-fetch';
import type { Place } from './place';
import { tracedFetch } from './traced-fetch';

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port; // `as`: it listens on TCP
}

/** Starts a server that is not a registry, or behaves like one with a single response. */
const serve = async (respond: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await portOf(createServer(respond))}`;

/** Returns the error of a call, as code, message and advice; undefined if the response is passed on. */
async function explained(url: string, token?: string) {
  const sources = { url: '--url', token: 'ROLLCALL_TOKEN', namespace: 'default' };
  const place: Place = { url, token, namespace: 'public', sources };
  const call = explainedFetch(tracedFetch({ trace: () => {} }), place);
  const error: unknown = await call(`${url}/api/v1/ns/public/services`).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return undefined;
  if (!(error instanceof CliError)) throw error;
  return [error.exitCode, error.message, error.advice];
}

const problem = (status: number, code: string): RequestListener => {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/problem+json' });
    response.end(JSON.stringify({ code, detail: 'the reason' }));
  };
};

describe('[K38] a response that shows a mistake is explained', () => {
  it('if no token is set, or it is refused', async () => {
    const url = await serve(problem(401, 'UNAUTHENTICATED'));
    expect(await explained(url)).toEqual([
      4,
      `${url} requires a token, and none is set.`,
      'Set ROLLCALL_TOKEN, or save a token: rollcall context add <name> --url <url> --token-file <file>',
    ]);
    expect(await explained(url, 'x')).toEqual([
      4,
      `${url} refused the token from ROLLCALL_TOKEN: the reason.`,
      'Use another one, or ask an administrator of the registry for it: rollcall token create',
    ]);
  });

  it('if the url has a path', async () => {
    const url = await serve(problem(404, 'ROUTE_NOT_FOUND'));
    expect(await explained(`${url}/docs`)).toEqual([
      2,
      `The url of the registry has no path, got ${url}/docs.`,
      `Use ${url} instead.`,
    ]);
    expect(await explained(url)).toBeUndefined();
    const page = await serve((_request, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html', 'Rollcall-Api': '1.0' }).end('<p>'),
    );
    const change = await serve(problem(405, 'METHOD_NOT_ALLOWED'));
    for (const origin of [page, change]) {
      expect(await explained(`${origin}/console`)).toEqual([
        2,
        `The url of the registry has no path, got ${origin}/console.`,
        `Use ${origin} instead.`,
      ]);
    }
    expect(await explained(change)).toBeUndefined();
  });

  it('if another program responds', async () => {
    const page = await serve((_request, response) => response.setHeader('Content-Type', 'text/html').end('<p>'));
    const advice = 'Check the url and its port; it is from --url.';
    expect(await explained(page)).toEqual([6, `${page} is not a registry: it responds with a web page.`, advice]);
    const missing = await serve((_request, response) => response.writeHead(404).end());
    expect(await explained(missing)).toEqual([6, `${missing} is not a registry: it responds with status 404.`, advice]);
  });

  it('if it comes from another origin, where the token was not sent', async () => {
    const target = await serve(problem(401, 'UNAUTHENTICATED'));
    const url = await serve((_request, response) => response.writeHead(301, { Location: target }).end());
    expect(await explained(url)).toEqual([2, `${url} redirects to ${target}.`, `Use ${target} as the url.`]);
  });

  it('passes on other responses', async () => {
    for (const status of [400, 403, 404, 503]) {
      expect(await explained(await serve(problem(status, 'SERVICE_NOT_FOUND')))).toBeUndefined();
    }
    expect(await explained(await serve((_request, response) => response.writeHead(502).end()))).toBeUndefined();
  });
});

it('[K38] recognizes https to a port with http, and the reverse', async () => {
  const { certPath, keyPath } = testAuthority(temporaryFolder()).issue('registry', 'IP:127.0.0.1', 30);
  const port = await portOf(createTlsServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) }));
  expect(await explained(`http://127.0.0.1:${port}`)).toEqual([
    6,
    `Cannot reach http://127.0.0.1:${port}: it speaks https, not http.`,
    `Use https://127.0.0.1:${port} as the url.`,
  ]);
  const plain = await serve((_request, response) => void response.end());
  const secure = plain.replace('http:', 'https:');
  expect(await explained(secure)).toEqual([
    6,
    `Cannot reach ${secure}: it does not speak https.`,
    `Use ${plain} as the url, if it has no certificate.`,
  ]);
});
