/** Registers, and releases on a signal. For Node, Deno and Bun, as a program that has the package installed. */
import process from 'node:process';
import { releaseOnSignals, rollcall } from 'rollcall/client';

const { REGISTRY, TOKEN } = process.env;
const client = rollcall({ url: REGISTRY, token: TOKEN });
const registration = await client.register({ service: 'orders', id: 'signalled', address: '10.0.0.7', port: 80 });
releaseOnSignals(registration, {
  drain: { waitMs: 1_000 },
  after: () => console.log('released'),
});
// Keeps the process alive, like a server.
setInterval(() => {}, 1_000);
console.log('ready');
