import { expect, it } from 'vitest';
import { EXTENSIONS_MAX_BYTES } from '../../src/model/limits';
import type { Home } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

export function goMicroKeptSuite({ ask, send, sleep }: Home): void {
  it('[X10] a go-micro service with many endpoints survives a round trip, even if the namespace hibernates in between', async () => {
    const values = Array.from({ length: 20 }, (_, index) => ({ name: `member${index}`, type: 'string', values: [] }));
    const body = { name: 'Body', type: 'Body', values };
    const endpoints = Array.from({ length: 40 }, (_, index) => {
      return { name: `Orders.Method${index}`, request: body, response: body, metadata: {} };
    });
    expect(JSON.stringify(endpoints).length).toBeGreaterThan(8 * EXTENSIONS_MAX_BYTES);
    const nodes = ['a', 'b'].map((id) => ({ id, address: '10.0.0.5:1', metadata: {} }));
    const service = { name: 'orders', version: '1', metadata: {}, endpoints, nodes };
    expect((await ask('POST', '/n/:ns/registry', service)).status).toBe(200);
    const read = async () => {
      const headers = { authorization: `Bearer ${ROOT_TOKEN}` };
      return (await send('GET', '/n/:ns/registry?service=orders', { headers })).json();
    };
    expect(await read()).toEqual([service]);
    await sleep();
    expect(await read()).toEqual([service]);
  });
}
