import type { Admin } from '../../client/admin';
import type { BatchOperation } from '../../client/admin/requests';
import { RollcallError } from '../../client/wire/rollcall-error';
import { withMark } from './mark';
import type { MirroredNames, Wanted } from './mirror-plan';

/** Operations of one batch: few enough that a large body of each still fits into a call, mostly. */
const BATCH_COUNT = 500;

/** Instances of one heartbeat. */
const RENEWAL_COUNT = 5_000;

/** What says something against an operation, and not against who sends it, or when. */
const ABOUT_CONTENT: ReadonlySet<string> = new Set(['INVALID_REQUEST', 'PAYLOAD_TOO_LARGE', 'CONFLICT']);

/** One change of the registry that is written to. */
export type MirrorWrite = { type: 'put'; wanted: Wanted } | { type: 'remove'; names: MirroredNames };

/** A change that the registry does not take, and what it says. */
export interface RefusedWrite {
  write: MirrorWrite;
  error: RollcallError;
}

/** What a round of writing came to. */
export interface Written {
  /** Of the last change; 0 where nothing was written. */
  revision: number;
  refused: RefusedWrite[];
}

/** Writes what a mirror has to write: in batches, each of which is one revision. */
export class MirrorWriter {
  readonly #registry: Pick<Admin, 'applyBatch' | 'renewLeases'>;
  readonly #leaseTtlMs: number;

  constructor(registry: Pick<Admin, 'applyBatch' | 'renewLeases'>, leaseTtlMs: number) {
    this.#registry = registry;
    this.#leaseTtlMs = leaseTtlMs;
  }

  /**
   * Carries out changes, in order. One that the registry refuses for what it says does not hold up the others.
   *
   * @param progress Told how many are done.
   * @throws {RollcallError} if the registry is away, or refuses whoever writes.
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

  /** A batch is all or nothing: halves of it find the one that is in the way. */
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

  /** Renews leases. What has lapsed meanwhile is no more in what the registry tells of itself, and is written again. */
  async renew(instances: readonly MirroredNames[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < instances.length; from += RENEWAL_COUNT) {
      const names = instances
        .slice(from, from + RENEWAL_COUNT)
        .map(({ group, service, id }) => ({ group, service, id }));
      await this.#registry.renewLeases({ body: { instances: names }, signal });
    }
  }
}

/** A quota has the code of a rate, but no time to come back at. */
const isAboutContent = ({ code, retryAfterMs }: RollcallError): boolean =>
  ABOUT_CONTENT.has(code) || (code === 'LIMIT_EXCEEDED' && retryAfterMs === undefined);
