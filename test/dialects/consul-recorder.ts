import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const clients = createRequire(join(import.meta.dirname, '../clients/package.json'));

/** A request of a client. */
export interface RecordedRequest {
  method: string;
  /** Decoded path, without the query. */
  path: string;
  query: string;
  body: string;
}

/** An answer: its text as JSON, or a refusal. */
export type RecordedAnswer = string | { status: number; text: string };

/** Starts a server that records what clients send. @param answer Returns the answer to a request; empty by default. */
export async function recorder(
  answer: (request: RecordedRequest) => RecordedAnswer = () => '',
): Promise<{ port: number; requests: RecordedRequest[] }> {
  const requests: RecordedRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const url = new URL(incoming.url ?? '', 'http://recorder.test');
    const request = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.search.slice(1),
      body: Buffer.concat(chunks).toString(),
    };
    requests.push(request);
    const answered = answer(request);
    const headers = { 'X-Consul-Index': '7', 'X-Consul-LastContact': '0', 'X-Consul-KnownLeader': 'true' };
    if (typeof answered !== 'string') {
      const text = { ...headers, 'Content-Type': 'text/plain; charset=utf-8' };
      response.writeHead(answered.status, text).end(answered.text);
    } else if (answered === '') response.writeHead(200, headers).end();
    else response.writeHead(200, { ...headers, 'Content-Type': 'application/json' }).end(answered);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // `as`: a TCP server has a port.
  return { port: (server.address() as AddressInfo).port, requests };
}

/** Calls of the client of npm that these tests use; the names of options are the client's. */
export interface ConsulClient {
  agent: {
    service: { register(options: object): Promise<void> };
    check: { register(options: object): Promise<void>; pass(options: object): Promise<void> };
  };
  catalog: { register(options: object): Promise<unknown>; deregister(options: object): Promise<unknown> };
  health: { service(options: object): Promise<unknown> };
  kv: {
    get(options: object): Promise<unknown>;
    set(options: object): Promise<unknown>;
    keys(options: object): Promise<unknown>;
  };
  session: { create(options: object): Promise<unknown>; info(id: string): Promise<unknown> };
  transaction: { create(operations: object[]): Promise<unknown> };
}

/** Creates the unmodified client of npm. */
export function consulClient(port: number): ConsulClient {
  // `as`: the types of the package need ones of Node that another version has.
  const Consul = clients('consul') as new (options: object) => ConsulClient;
  return new Consul({ host: '127.0.0.1', port });
}
