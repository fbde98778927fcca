/**
 * Runs the binding of Nacos' Rust client for Node, unchanged, for the test that has started this process: its clients can't be
 * closed, so they end with the process.
 */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../clients/package.json', import.meta.url));
const { NacosNamingClient } = require('nacos-sdk-rust-binding-node');

const client = new NacosNamingClient(JSON.parse(process.argv[2] ?? '{}'));

process.on('message', async ({ id, call, args }) => {
  try {
    if (call === 'subscribe') {
      const [service, group] = args;
      await client.subscribe(service, group, [], (error, hosts) => process.send?.({ push: service, error, hosts }));
      process.send?.({ id });
    } else process.send?.({ id, result: await client[call](...args) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
