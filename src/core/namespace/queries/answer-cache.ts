import { LRUCache } from 'lru-cache';
import type { JsonText } from '../../../model/json';
import type { InstanceList, Resolution } from '../../../model/queries';
import type { ServiceEntry } from '../records/catalog-entries';
import { type Candidate, candidatesOf } from './endpoints';

/** Total size of the cache, in characters of text; entries and parsed candidates count as their approximate sizes. */
const CACHE_MAX_SIZE = 8 * 1024 * 1024;
const ENTRY_SIZE = 100;
const CANDIDATE_SIZE = 600;

/** An encoded answer. */
interface Made<Text extends string> {
  text: Text;
  /** True if it stays valid until the service changes. */
  keeps: boolean;
}

interface CachedService {
  /** Revision of the service that everything here was made from. */
  revision: number;
  candidates?: Candidate[];
  resolution?: JsonText<Resolution>;
  list?: JsonText<InstanceList>;
  /** Members of a list of another service. */
  alongside?: string;
}

const sizeOf = ({ candidates = [], resolution = '', list = '', alongside = '' }: CachedService): number =>
  ENTRY_SIZE + candidates.length * CANDIDATE_SIZE + resolution.length + list.length + alongside.length;

/** Caches answers about the most recently read services until they change, up to a bound. */
export class AnswerCache {
  /** Entries are replaced and never changed, because their size is taken when they are set. */
  readonly #services = new LRUCache<ServiceEntry, Readonly<CachedService>>({
    maxSize: CACHE_MAX_SIZE,
    sizeCalculation: sizeOf,
  });

  /** Returns the candidates of a service, parsed once per revision. */
  candidates(service: ServiceEntry): Candidate[] {
    const cached = this.#fresh(service);
    if (cached.candidates !== undefined) return cached.candidates;
    const candidates = candidatesOf(service);
    this.#services.set(service, { ...cached, candidates });
    return candidates;
  }

  /** Returns the answer to a resolve without parameters, encoded once per revision if `make` allows it to be kept. */
  resolution(service: ServiceEntry, make: () => Made<JsonText<Resolution>>): JsonText<Resolution> {
    const { resolution } = this.#fresh(service);
    if (resolution !== undefined) return resolution;
    const { text, keeps } = make();
    // Read again, because `make` may have cached the candidates.
    if (keeps) this.#services.set(service, { ...this.#fresh(service), resolution: text });
    return text;
  }

  /** Returns the answer to a list without parameters, encoded once per revision if `make` allows it to be kept. */
  list(service: ServiceEntry, make: () => Made<JsonText<InstanceList>>): JsonText<InstanceList> {
    const { list } = this.#fresh(service);
    if (list !== undefined) return list;
    const { text, keeps } = make();
    if (keeps) this.#services.set(service, { ...this.#fresh(service), list: text });
    return text;
  }

  /** Returns the instances of a service as members of a list of another one, encoded once per revision if they may be kept. */
  alongside(service: ServiceEntry, make: () => Made<string>): string {
    const { alongside } = this.#fresh(service);
    if (alongside !== undefined) return alongside;
    const { text, keeps } = make();
    if (keeps) this.#services.set(service, { ...this.#fresh(service), alongside: text });
    return text;
  }

  /** Returns the cached answers of the current revision of a service. */
  #fresh(service: ServiceEntry): Readonly<CachedService> {
    const cached = this.#services.get(service);
    return cached?.revision === service.revision ? cached : { revision: service.revision };
  }
}
