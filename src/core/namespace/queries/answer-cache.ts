import type { JsonText } from '../../../model/json';
import type { InstanceList, Resolution } from '../../../model/queries';
import type { ServiceEntry } from '../records/catalog-entries';
import { type Candidate, candidatesOf } from './endpoints';

/** What the cache holds in all, in characters of text, or as much for parsed candidates. */
const CACHE_MAX_SIZE = 8 * 1024 * 1024;

/** About what a parsed candidate takes, counted as characters. */
const CANDIDATE_SIZE = 600;

/** An answer that was made, and whether it stays right until the service changes. */
interface Made<T> {
  text: JsonText<T>;
  keeps: boolean;
}

interface CachedService {
  /** Revision of the service that all of it was made at. */
  revision: number;
  candidates?: Candidate[];
  resolution?: JsonText<Resolution>;
  list?: JsonText<InstanceList>;
  size: number;
}

/** Keeps what reading a service cost, until the service changes: the services read last, up to a bound. */
export class AnswerCache {
  readonly #services = new Map<ServiceEntry, CachedService>();
  #size = 0;

  /** Candidates of a service, parsed once a revision. */
  candidates(service: ServiceEntry): Candidate[] {
    const cached = this.#fresh(service);
    if (cached.candidates === undefined) {
      cached.candidates = candidatesOf(service);
      this.#grow(service, cached, cached.candidates.length * CANDIDATE_SIZE);
    }
    return cached.candidates;
  }

  /** The answer to a resolve without parameters, encoded once a revision; `make` says whether it keeps. */
  resolution(service: ServiceEntry, make: () => Made<Resolution>): JsonText<Resolution> {
    const { resolution } = this.#fresh(service);
    return resolution ?? this.#made(service, make(), (cached, text) => (cached.resolution = text));
  }

  /** The answer to a list without parameters, encoded once a revision; `make` says whether it keeps. */
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
    // Put last, so that the first in the map is the one that was made longest ago.
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
