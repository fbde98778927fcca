import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createGrpcServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CheckedServers, probeDefinition } from '../../../test/fixtures/probes';
import { TargetRules } from './addresses';
import { healthRequest } from './grpc-probe';
import type { ProbeDefinition } from './probe';
import { PROBE_OUTPUT_MAX_BYTES } from './probe';
import { runCheck } from './run-check';

const servers = new CheckedServers();
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  servers.close();
});

const LOOPBACK = new TargetRules({ loopback: true });

/** Runs a check of an instance on the loopback interface. */
function check(
  definition: Partial<ProbeDefinition> & Pick<ProbeDefinition, 'kind'>,
  { instance = '127.0.0.1', rules = LOOPBACK, signal = new AbortController().signal } = {},
) {
  return runCheck(probeDefinition(definition), instance, rules, signal);
}

describe('an HTTP check', () => {
  it('[CR1] passes with 2xx, warns with 429 and is critical with everything else', async () => {
    const port = await servers.http((request, response) => {
      response.writeHead(Number(request.url?.slice(1)));
      response.end('the state');
    });
    const results = [200, 299, 429, 500, 404].map((code) =>
      check({ kind: 'http', http: `http://127.0.0.1:${port}/${code}` }),
    );
    const statuses = (await Promise.all(results)).map(({ status }) => status);
    expect(statuses).toEqual(['passing', 'passing', 'warning', 'critical', 'critical']);
    const { output } = await check({ kind: 'http', http: `http://127.0.0.1:${port}/200` });
    expect(output).toBe(`HTTP GET http://127.0.0.1:${port}/200: 200 OK Output: the state`);
  });

  it('sends the method, the headers and the body, but no header of the connection', async () => {
    const seen: unknown[] = [];
    const port = await servers.http((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method, url, headers } = request;
        const { host, 'x-key': key, 'user-agent': agent, 'transfer-encoding': coding, connection } = headers;
        seen.push({ method, url, body, host, key, agent, coding, connection });
        response.end();
      });
    });
    const header = { Host: ['inner.example'], 'X-Key': ['a', 'b'], 'Transfer-Encoding': ['chunked'], Empty: [] };
    const http = `http://127.0.0.1:${port}/a%20b?c=d`;
    expect((await check({ kind: 'http', http, method: 'PUT', body: 'ping', header })).status).toBe('passing');
    expect(seen).toEqual([
      {
        method: 'PUT',
        url: '/a%20b?c=d',
        body: 'ping',
        host: 'inner.example',
        key: 'a, b',
        agent: 'Consul Health Check',
        coding: undefined,
        connection: 'close',
      },
    ]);
  });

  it('sends the name and the password in its URL', async () => {
    const port = await servers.http(({ headers }, response) => void response.end(headers.authorization));
    const { output } = await check({ kind: 'http', http: `http://a%20b:c@127.0.0.1:${port}/` });
    expect(output).toContain(`Output: Basic ${btoa('a b:c')}`);
    const malformed = await check({ kind: 'http', http: `http://a%:c@127.0.0.1:${port}/` });
    expect(malformed.status).toBe('critical');
  });

  it('[CR2] does not follow a redirect, and says so', async () => {
    let asked = 0;
    const other = await servers.http((_, response) => {
      asked += 1;
      response.end();
    });
    const port = await servers.http((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${other}/` }).end();
    });
    const { status, output } = await check({ kind: 'http', http: `http://127.0.0.1:${port}/` });
    expect(status).toBe('critical');
    expect(output).toContain('302 Found (redirects are not followed)');
    expect(asked).toBe(0);
  });

  it('[CR3] cuts a server off that answers for ever, and counts its status', async () => {
    let isOpen = true;
    const port = await servers.http((_, response) => {
      response.on('close', () => {
        isOpen = false;
      });
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', more);
      more();
    });
    const { status, output } = await check({ kind: 'http', http: `http://127.0.0.1:${port}/` });
    expect(status).toBe('passing');
    expect(output.length).toBeLessThan(PROBE_OUTPUT_MAX_BYTES + 100);
    await expect.poll(() => isOpen).toBe(false);
  });

  it('[CR3] is critical when a server hangs until the timeout', async () => {
    const asked = new AbortController();
    const port = await servers.http(() => asked.abort());
    const { status, output } = await check(
      { kind: 'http', http: `http://127.0.0.1:${port}/` },
      { signal: asked.signal },
    );
    expect(status).toBe('critical');
    expect(output).toContain('context deadline exceeded');
  });

  it('counts the status of a body that stops in the middle', async () => {
    const asked = new AbortController();
    const port = await servers.http((_, response) => {
      response.write('begin');
      setTimeout(() => asked.abort(), 50);
    });
    const result = await check({ kind: 'http', http: `http://127.0.0.1:${port}/` }, { signal: asked.signal });
    expect(result.status).toBe('passing');
    expect(result.output).toContain('Output: begin');
  });

  it.each([
    ['no server', 'http://127.0.0.1:1/', 'dial tcp 127.0.0.1:1: connect: connection refused'],
    ['another scheme', 'file:///etc/passwd', 'the target must be a URL with http or https'],
    ['no URL', 'health', 'the target must be a URL with http or https'],
  ])('is critical with %s', async (_, http, text) => {
    const { status, output } = await check({ kind: 'http', http });
    expect(status).toBe('critical');
    expect(output).toContain(text);
  });

  it('is critical when a header can not be sent', async () => {
    const port = await servers.http((_, response) => void response.end());
    const http = `http://127.0.0.1:${port}/`;
    expect((await check({ kind: 'http', http, header: { 'X\n': ['y'] } })).status).toBe('critical');
    expect((await check({ kind: 'http', http, method: 'G ET' })).status).toBe('critical');
  });
});

describe('a TCP check', () => {
  it('[CR1] passes if the port accepts a connection', async () => {
    const port = await servers.listen(createServer((socket) => void sockets.push(socket)));
    const tcp = `127.0.0.1:${port}`;
    expect(await check({ kind: 'tcp', tcp })).toEqual({
      status: 'passing',
      output: `TCP connect ${tcp}: Success`,
    });
    expect(await check({ kind: 'tcp', tcp: `localhost:${port}` })).toMatchObject({ status: 'passing' });
  });

  it('is critical with no server, and with a target that is none', async () => {
    const none = await check({ kind: 'tcp', tcp: '127.0.0.1:1' });
    expect(none).toEqual({ status: 'critical', output: 'dial tcp 127.0.0.1:1: connect: connection refused' });
    for (const tcp of ['127.0.0.1', '127.0.0.1:0', '127.0.0.1:99999', ':80', '[::1:80', 'a b:80']) {
      expect(await check({ kind: 'tcp', tcp })).toMatchObject({ status: 'critical' });
    }
  });
});

describe('a gRPC check', () => {
  const answers: Record<string, (stream: ServerHttp2Stream) => void> = {
    serving: (stream) => void grpcAnswer(stream, [0x08, 1]),
    stopping: (stream) => void grpcAnswer(stream, [0x08, 2]),
    empty: (stream) => void grpcAnswer(stream, []),
    unknown: (stream) =>
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'unknown service' },
        { endStream: true },
      ),
    plain: (stream) => {
      stream.respond({ ':status': 404 });
      stream.end('not here');
    },
  };

  /** Starts a server that answers as the service name says. */
  async function grpcServer(): Promise<number> {
    const server = createGrpcServer();
    server.on('session', (session) => session.on('error', () => {}));
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const asked = Buffer.concat(chunks);
        const name = Object.keys(answers).find((each) => asked.equals(healthRequest(each))) ?? 'serving';
        if (headers[':path'] === '/grpc.health.v1.Health/Check') answers[name]?.(stream);
      });
    });
    return servers.listen(server);
  }

  function grpcAnswer(stream: ServerHttp2Stream, message: number[]): void {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
  }

  it('[CR1] passes if the service is serving', async () => {
    const port = await grpcServer();
    for (const grpc of [`127.0.0.1:${port}`, `127.0.0.1:${port}/serving`]) {
      expect(await check({ kind: 'grpc', grpc })).toEqual({ status: 'passing', output: `gRPC check ${grpc}: success` });
    }
  });

  it('is critical if the service is not serving, or unknown', async () => {
    const port = await grpcServer();
    const ask = (service: string) => check({ kind: 'grpc', grpc: `127.0.0.1:${port}/${service}` });
    const unhealthy = { status: 'critical', output: "gRPC application didn't report service healthy" };
    expect(await ask('stopping')).toEqual(unhealthy);
    expect(await ask('empty')).toEqual(unhealthy);
    expect(await ask('unknown')).toEqual({
      status: 'critical',
      output: 'rpc error: code = NotFound desc = unknown service',
    });
    expect(await ask('plain')).toMatchObject({ status: 'critical' });
  });

  it('is critical with a server of another protocol, with none, and at the timeout', async () => {
    const http = await servers.http((_, response) => void response.end('hello'));
    expect(await check({ kind: 'grpc', grpc: `127.0.0.1:${http}` })).toMatchObject({ status: 'critical' });
    expect(await check({ kind: 'grpc', grpc: '127.0.0.1:1' })).toMatchObject({ status: 'critical' });
    const asked = new AbortController();
    const silent = await servers.listen(
      createServer((socket) => {
        sockets.push(socket);
        asked.abort();
      }),
    );
    const late = await check({ kind: 'grpc', grpc: `127.0.0.1:${silent}` }, { signal: asked.signal });
    expect(late).toMatchObject({ status: 'critical', output: expect.stringContaining('DeadlineExceeded') });
  });
});

describe('a check over TLS', () => {
  let certificate: { cert: string; key: string };

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-check-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', [...words, '-subj', '/CN=inner.example', '-days', '2', '-out', cert, '-keyout', key], {
      stdio: 'ignore',
    });
    certificate = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    rmSync(folder, { recursive: true });
  });

  it('verifies the certificate, unless it says otherwise, and sends the name that it gives', async () => {
    const names: unknown[] = [];
    const server = createSecureServer(certificate, (_, response) => void response.end());
    server.on('secureConnection', (socket) => void names.push(socket.servername));
    server.on('tlsClientError', () => {});
    const port = await servers.listen(server);
    const http = `https://127.0.0.1:${port}/`;
    expect(await check({ kind: 'http', http })).toMatchObject({ status: 'critical' });
    const skipping = { tlsSkipVerify: true, tlsServerName: 'inner.example' };
    expect(await check({ kind: 'http', http, ...skipping })).toMatchObject({ status: 'passing' });
    expect(names.at(-1)).toBe('inner.example');
    const tcp = { kind: 'tcp', tcp: `127.0.0.1:${port}`, tcpUseTls: true } as const;
    expect(await check(tcp)).toMatchObject({ status: 'critical' });
    expect(await check({ ...tcp, ...skipping })).toMatchObject({ status: 'passing' });
  });
});

describe('the target of a check', () => {
  const named = (addresses: Record<string, string[]>, loopback = true) =>
    new TargetRules({ loopback, resolve: async (host) => addresses[host] ?? [], ownAddresses: () => ['10.0.0.7'] });

  it.each([
    ['another address', '10.0.0.8', '10.0.0.7'],
    ['the loopback interface, if the instance is elsewhere', '127.0.0.1', '10.0.0.9'],
    ['the metadata of a cloud', '169.254.169.254', '169.254.169.254'],
    ['the metadata of a cloud in another form', '[::ffff:169.254.169.254]', '::ffff:a9fe:a9fe'],
    ['no address', '0.0.0.0', '0.0.0.0'],
    ['no address of IPv6', '[::]', '::'],
    ['a link-local address', '[fe80::1]', 'fe80::1'],
    ['a link-local address of an interface', 'scoped.example', 'scoped.example'],
    ['several hosts', '224.0.0.1', '224.0.0.1'],
    ['a name of another host', 'other.example', 'own.example'],
  ])('is refused if it is %s', async (_, host, instance) => {
    const rules = named({
      'other.example': ['10.0.0.8'],
      'own.example': ['10.0.0.7'],
      'scoped.example': ['fe80::1%lo'],
    });
    const result = await check({ kind: 'http', http: `http://${host}/` }, { instance, rules });
    expect(result).toEqual({ status: 'critical', output: expect.stringMatching(/^The check was not run: /) });
  });

  it('[CR2] is refused if it is a loopback address of a registry that others can reach', async () => {
    const rules = named({}, false);
    const result = await check({ kind: 'tcp', tcp: '127.0.0.1:80' }, { rules });
    expect(result.output).toContain('no checks are sent to the loopback address 127.0.0.1');
  });

  it('is the address that both names have', async () => {
    const rules = named({ 'a.example': ['10.0.0.1', '10.0.0.7'], 'b.example': ['10.0.0.7'] });
    expect(await rules.target('b.example', 'a.example', 80)).toEqual({
      host: 'a.example',
      port: 80,
      address: '10.0.0.7',
    });
  });

  it('[CR2] is connected to at the address that was verified, and not at what its name means later', async () => {
    const port = await servers.http(({ headers }, response) => void response.end(headers.host));
    const rules = named({ 'own.invalid': ['127.0.0.1'] });
    const http = `http://own.invalid:${port}/`;
    const result = await check({ kind: 'http', http }, { instance: 'own.invalid', rules });
    expect(result.output).toBe(`HTTP GET ${http}: 200 OK Output: own.invalid:${port}`);
  });

  it('is any address of this machine for an instance on it', async () => {
    const rules = named({ localhost: ['::1', '127.0.0.1'] });
    expect(await rules.target('10.0.0.7', 'localhost', 80)).toMatchObject({ address: '::1' });
    expect(await rules.target('::ffff:10.0.0.7', '127.0.0.1', 80)).toMatchObject({ address: '127.0.0.1' });
    expect(await rules.target('127.0.0.1', '10.0.0.7', 80)).toMatchObject({ address: '10.0.0.7' });
    await expect(named({}, false).target('127.0.0.1', '10.0.0.7', 80)).rejects.toThrow('is not the address');
  });
});
