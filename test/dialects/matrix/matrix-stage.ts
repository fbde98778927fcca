import { configure } from '../../../src/core/namespace/lifecycle';
import { consul } from '../../../src/dialects/consul/consul';
import { etcd } from '../../../src/dialects/etcd/etcd';
import { eureka } from '../../../src/dialects/eureka/eureka';
import { goMicro } from '../../../src/dialects/go-micro/go-micro';
import { nacos } from '../../../src/dialects/nacos/nacos';
import { LAYOUTS } from '../../../src/layouts/layouts';
import type { LayoutRule } from '../../../src/model/layout';
import { HandPlatform } from '../../fixtures/hand-platform';
import { NodeNamespace } from '../../fixtures/node-namespace';
import { NodeSockets } from '../../fixtures/node-sockets';
import { ROOT_TOKEN, TestApp } from '../../fixtures/test-app';

/** All doors in front of one namespace, and their clients. Time is moved by hand. */
export class MatrixStage {
  readonly namespace = new NodeNamespace(undefined, Object.assign(new HandPlatform(), { layouts: LAYOUTS }));
  readonly app = new TestApp({
    dialects: [goMicro, nacos, eureka, consul, etcd],
    calls: this.namespace.api,
    sockets: new NodeSockets(this.namespace),
  });

  /** Uses layouts under prefixes. */
  async layOut(layouts: LayoutRule[]): Promise<void> {
    await configure(this.namespace.state, { retention: {}, limits: {}, layouts });
    await this.namespace.pass(1_000);
  }

  /** Sends a request, and returns the response body. Throws the response if it is not a success. */
  async send(method: string, path: string, init: RequestInit = {}): Promise<string> {
    const { status, text } = await this.attempt(method, path, init);
    if (status >= 300) throw new Error(`${method} ${path} got ${status} ${text}`);
    return text;
  }

  async attempt(method: string, path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    const response = await this.open(method, path, init);
    return { status: response.status, text: await response.text() };
  }

  /** Sends a request, and returns the response without reading its body, which may be a stream. */
  async open(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    this.app.now = this.namespace.platform.clock.now();
    const headers = { authorization: `Bearer ${ROOT_TOKEN}`, ...init.headers };
    return this.app.send(method, path, { ...init, headers });
  }

  /** Sends JSON, and returns the parsed response. */
  async json(method: string, path: string, body?: unknown): Promise<unknown> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const text = await this.send(method, path, {
      headers: { accept: 'application/json', ...type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return text === '' ? undefined : JSON.parse(text);
  }
}
