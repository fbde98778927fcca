import type { JsonText } from '../../../model/json';
import type { InstanceList, Resolution } from '../../../model/queries';
import type { ServiceEntry } from '../records/catalog-entries';
import { type Candidate, candidatesOf } from './endpoints';

/** Total size of the cache, in characters of text; parsed candidates count as {@link CANDIDATE_SIZE} each. */
const CACHE_MAX_SIZE = 8 * 1024 * 1024;

/** Approximate size of a parsed candidate, in characters. */
const CANDIDATE_SIZE = 600;

/** An encoded answer. */
interface Made<T> {
  text: JsonText<T>;
  /** True if it stays valid until the service changes. */
  keeps: boolean;
}

interface CachedService {
  /** Revision of the service that everything here was made from. */
  revision: number;
  candidates?: Candidate[];
  resolution?: JsonText<Resolution>;
  list?: JsonText<InstanceList>;
  size: number;
}

/** Caches answers about the most recently encoded services until they change, up to a bound. */
export class AnswerCache {
  readonly #services = new Map<ServiceEntry, CachedService>();
  #size = 0;

  /** Returns the candidates of a service, parsed once per revision. */
  candidates(service: ServiceEntry): Candidate[] {
    const cached = this.#fresh(service);
    if (cached.candidates === undefined) {
      cached.candidates = candidatesOf(service);
      this.#grow(service, cached, cached.candidates.length * CANDIDATE_SIZE);
    }
    return cached.candidates;
  }

  /** Returns the answer to a resolve without parameters, encoded once per revision if `make` allows it to be kept. */
  resolution(service: ServiceEntry, make: () => Made<Resolution>): JsonText<Resolution> {
    const { resolution } = this.#fresh(service);
    return resolution ?? this.#made(service, make(), (cached, text) => (cached.resolution = text));
  }

  /** Returns the answer to a list without parameters, encoded once per revision if `make` allows it to be kept. */
  list(service: ServiceEntry, make: () => Made<InstanceList>): JsonText<InstanceList> {
    const { list } = this.#fresh(service);
    return list ?? this.#made(service, make(), (cached, text) => (cached.list = text));
  }

  #made<T>(
    service: ServiceEntry,
    { text, keeps }: Made<T>,
    keep: (cached: CachedService, text: JsonText<T>) => void,
  ): JsonText<T> {
    if (!keeps) return text;
    const cached = this.#fresh(service);
    keep(cached, text);
    this.#grow(service, cached, text.length);
    return text;
  }

  #fresh(service: ServiceEntry): CachedService {
    const cached = this.#services.get(service);
    if (cached !== undefined && cached.revision === service.revision) return cached;
    this.#drop(service);
    const fresh: CachedService = { revision: service.revision, size: 0 };
    this.#services.set(service, fresh);
    return fresh;
  }

  #grow(service: ServiceEntry, cached: CachedService, by: number): void {
    cached.size += by;
    this.#size += by;
    // Moved to the end, so that the first in the map is the oldest.
    this.#services.delete(service);
    this.#services.set(service, cached);
    for (const [oldest] of this.#services) {
      if (this.#size <= CACHE_MAX_SIZE) return;
      this.#drop(oldest);
    }
  }

  #drop(service: ServiceEntry): void {
    this.#size -= this.#services.get(service)?.size ?? 0;
    this.#services.delete(service);
  }
}
