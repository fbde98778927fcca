import type { Admin } from '../../client/admin';
import type { BatchOperation } from '../../client/admin/requests';
import { RollcallError } from '../../client/wire/rollcall-error';
import { withMark } from './mark';
import type { MirroredNames, Wanted } from './mirror-plan';

/** Operations per batch: few enough that even large ones usually fit into a call. */
const BATCH_COUNT = 500;

/** Instances per heartbeat. */
const RENEWAL_COUNT = 5_000;

/** Codes of errors that concern the content of an operation, and not its sender or time. */
const ABOUT_CONTENT: ReadonlySet<string> = new Set(['INVALID_REQUEST', 'PAYLOAD_TOO_LARGE', 'CONFLICT']);

/** A change of this registry. */
export type MirrorWrite = { type: 'put'; wanted: Wanted } | { type: 'remove'; names: MirroredNames };

/** A change that the registry has refused, and its error. */
export interface RefusedWrite {
  write: MirrorWrite;
  error: RollcallError;
}

/** Result of a round of writes. */
export interface Written {
  /** Revision of the last change; 0 if nothing was written. */
  revision: number;
  refused: RefusedWrite[];
}

/** Writes the changes of a mirror, in batches of one revision each. */
export class MirrorWriter {
  readonly #registry: Pick<Admin, 'applyBatch' | 'renewLeases'>;
  readonly #leaseTtlMs: number;

  constructor(registry: Pick<Admin, 'applyBatch' | 'renewLeases'>, leaseTtlMs: number) {
    this.#registry = registry;
    this.#leaseTtlMs = leaseTtlMs;
  }

  /**
   * Applies changes, in order. A change that the registry refuses for its content does not block the others.
   *
   * @param progress Called with the number of changes applied.
   * @throws {RollcallError} If the registry is unreachable, or refuses the writer.
   */
  async write(
    writes: readonly MirrorWrite[],
    signal?: AbortSignal,
    progress: (done: number) => void = () => {},
  ): Promise<Written> {
    const written: Written = { revision: 0, refused: [] };
    for (let from = 0; from < writes.length; from += BATCH_COUNT) {
      await this.#batch(writes.slice(from, from + BATCH_COUNT), written, signal);
      progress(Math.min(from + BATCH_COUNT, writes.length));
    }
    return written;
  }

  /** Applies a batch. Batches are atomic, so a refused one is bisected to find the invalid change. */
  async #batch(writes: readonly MirrorWrite[], written: Written, signal: AbortSignal | undefined): Promise<void> {
    try {
      const operations = writes.map((write) => this.#operation(write));
      const { revision } = await this.#registry.applyBatch({ body: { operations }, signal });
      written.revision = Math.max(written.revision, revision);
    } catch (error) {
      if (!(error instanceof RollcallError) || !isAboutContent(error)) throw error;
      const [first] = writes;
      if (writes.length <= 1) {
        if (first !== undefined) written.refused.push({ write: first, error });
        return;
      }
      const middle = Math.ceil(writes.length / 2);
      await this.#batch(writes.slice(0, middle), written, signal);
      await this.#batch(writes.slice(middle), written, signal);
    }
  }

  #operation(write: MirrorWrite): BatchOperation {
    if (write.type === 'remove') return { op: 'deregister', ...write.names };
    const { group, service, id, source, mark } = write.wanted;
    const extensions = withMark(source.body.extensions, mark);
    return { op: 'register', group, service, id, ...source.body, extensions, lease: { ttlMs: this.#leaseTtlMs } };
  }

  /** Renews leases. Expired instances disappear from the replica of the registry, and are written again. */
  async renew(instances: readonly MirroredNames[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < instances.length; from += RENEWAL_COUNT) {
      const names = instances
        .slice(from, from + RENEWAL_COUNT)
        .map(({ group, service, id }) => ({ group, service, id }));
      await this.#registry.renewLeases({ body: { instances: names }, signal });
    }
  }
}

/** A quota has the same code as a rate limit, but no `Retry-After`. */
const isAboutContent = ({ code, retryAfterMs }: RollcallError): boolean =>
  ABOUT_CONTENT.has(code) || (code === 'LIMIT_EXCEEDED' && retryAfterMs === undefined);
