import type { Watch, WatchOptions, WatchScope } from '../watch/watch';
import type { Time } from '../wire/time';
import { ServiceFeed } from './service-feed';
import { type ResolverOptions, ServiceResolver } from './service-resolver';

type Watching = (scope: WatchScope, options: WatchOptions) => Watch;

/** The resolvers of one client: those of one service share one watch, which lives as long as one of them does. */
export class Resolvers {
  readonly #watch: Watching;
  readonly #time: Time;
  readonly #feeds = new Map<string, { feed: ServiceFeed; users: number }>();

  /** @param watch Begins a watch. */
  constructor(watch: Watching, time: Time) {
    this.#watch = watch;
    this.#time = time;
  }

  /** @param service `orders` in the default group, or `group@@orders`. */
  open(service: string, options: ResolverOptions = {}): ServiceResolver {
    const name = service.includes('@@') ? service : `DEFAULT_GROUP@@${service}`;
    const known = this.#feeds.get(name);
    // One that the registry has refused tells nothing any more; another attempt may be better.
    const shared = known && known.feed.error === undefined ? known : { feed: this.#begin(name), users: 0 };
    shared.feed.keepIn(options.snapshot);
    shared.users += 1;
    this.#feeds.set(name, shared);
    let isOpen = true;
    return new ServiceResolver(service, options, shared.feed, this.#time, () => {
      if (!isOpen) return;
      isOpen = false;
      shared.users -= 1;
      if (shared.users > 0) return;
      if (this.#feeds.get(name) === shared) this.#feeds.delete(name);
      shared.feed.close();
    });
  }

  #begin(service: string): ServiceFeed {
    const watch = (options: WatchOptions) => this.#watch({ services: [service] }, options);
    return new ServiceFeed({ service, watch, time: this.#time });
  }
}
