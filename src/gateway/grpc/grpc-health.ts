import { GrpcCode, GrpcError } from './grpc-error';
import type { GrpcInput, GrpcMethod, GrpcOutput } from './grpc-method';

/** Values of `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** Returns a message whose only member is an enum in field 1. */
const statusMessage = (status: number): Uint8Array => Uint8Array.of(8, status);

/** Reads field 1 of a `grpc.health.v1.HealthCheckRequest`, the name of a service. Other fields do not exist. */
function requestedService(request: Uint8Array): string {
  if (request.length === 0) return '';
  let size = 0;
  let at = 1;
  for (let shift = 0; shift <= 14; shift += 7) {
    const byte = request[at++] ?? 0;
    size += (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (request[0] !== 0x0a || at + size !== request.length) {
    throw new GrpcError(GrpcCode.INTERNAL, 'the request is not a HealthCheckRequest');
  }
  return Buffer.from(request.subarray(at)).toString('utf8');
}

/** The service `grpc.health.v1.Health`. The empty name stands for the whole server. */
export class GrpcHealth {
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Set<() => void>();
  #isServing = true;

  /** @param services Names of the services of the server. */
  constructor(services: Iterable<string>) {
    this.#services = new Set(['', ...services]);
  }

  /** Its methods by path. */
  get methods(): [path: string, method: GrpcMethod][] {
    return [
      ['/grpc.health.v1.Health/Check', { kind: 'unary', answer: (request) => this.#check(requestedService(request)) }],
      ['/grpc.health.v1.Health/Watch', { kind: 'stream', open: (call, output) => this.#watch(call.signal, output) }],
    ];
  }

  /** Sets whether the server answers, and notifies all watchers. */
  setServing(isServing: boolean): void {
    if (isServing === this.#isServing) return;
    this.#isServing = isServing;
    for (const notify of [...this.#watchers]) notify();
  }

  #status(service: string): number {
    if (!this.#services.has(service)) return SERVICE_UNKNOWN;
    return this.#isServing ? SERVING : NOT_SERVING;
  }

  #check(service: string): Uint8Array {
    const status = this.#status(service);
    if (status === SERVICE_UNKNOWN) throw new GrpcError(GrpcCode.NOT_FOUND, 'unknown service');
    return statusMessage(status);
  }

  #watch(signal: AbortSignal, output: GrpcOutput): GrpcInput {
    let isWatching = false;
    return {
      message: (request) => {
        // A stream watches one service, whatever else its client sends.
        if (isWatching) return;
        isWatching = true;
        const service = requestedService(request);
        const notify = () => void output.send(statusMessage(this.#status(service)));
        this.#watchers.add(notify);
        signal.addEventListener('abort', () => this.#watchers.delete(notify));
        notify();
      },
      ended: () => {},
    };
  }
}
