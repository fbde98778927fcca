import { createServer } from 'node:http';
import { consul } from './client.js';

const id = process.argv[2] ?? `greeter-${process.pid}`;

/** Time within which the check must be reported, and after which callers get no address of a greeter that has died. */
const TTL_MS = 3_000;

const server = createServer((_request, response) => response.end(`hello from ${id}\n`));
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  await consul.agent.service.register({
    name: 'greeter',
    id,
    address: '127.0.0.1',
    port,
    check: { ttl: `${TTL_MS}ms`, deregistercriticalserviceafter: '1m' },
  });
  await pass();
  setInterval(() => pass().catch((error) => console.log(`not reported: ${error.message}`)), TTL_MS / 3);
  console.log(`${id} on port ${port}`);
});

/** Reports that the greeter is well. Clients of Consul know this id of the only check of a service. */
const pass = () => consul.agent.check.pass(`service:${id}`);

process.once('SIGTERM', async () => {
  await consul.agent.service.deregister(id);
  process.exit();
});
