import process from 'node:process';
import { startRegistry } from '../../src/resident';
import { ROOT_TOKEN } from '../program';

const STOP_GRACE_MS = 1_000;

/** The registry in the resident host, on the folder that the bench gave, as one process without a launcher. */
const registry = await startRegistry(
  {
    data: process.argv[2] ?? '.',
    host: '127.0.0.1',
    port: 0,
    rootToken: ROOT_TOKEN,
    trustedProxy: false,
    corsOrigins: [],
    logLevel: process.env.ROLLCALL_LOG_LEVEL ?? 'warn',
    namespaceDomain: undefined,
    tls: undefined,
    commit: undefined,
    maxConnections: undefined,
  },
  (reason) => {
    console.error(reason);
    process.exit(1);
  },
);
console.log(String(registry.port));
process.on('SIGTERM', () => void registry.stop(STOP_GRACE_MS).then(() => process.exit(0)));
