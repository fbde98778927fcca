/** Uses a resolver and does not close it, in Node, Deno or Bun. The process must end by itself. */
import process from 'node:process';
import { rollcall } from 'rollcall/client';
import { resolver } from 'rollcall/client/resolver';

const { REGISTRY, TOKEN } = process.env;

const client = rollcall({ url: REGISTRY, token: TOKEN });
const carts = resolver(client, 'carts');
const cart = await client.register({ service: 'carts', id: 'cart', address: '10.0.0.7', port: 80 });
await carts.ready;
while (carts.pick()?.id !== 'cart') await new Promise((resolve) => carts.subscribe(resolve));
await cart.release();

// Nothing listens on this port, and no caller waits for it.
const dead = resolver(rollcall({ url: 'http://127.0.0.1:2', onWarning: () => {} }), 'carts');
if (dead.pick() !== undefined) throw new Error('expected no list');
console.log('step released');
