import { Resolver, type ResolverOptions } from './resolver';
import { ServiceFeed } from './service-feed';
import type { Time } from './time';
import type { Watch, WatchScope } from './watch';

/** The resolvers of one client: those of one service share one watch, which lives as long as one of them does. */
export class Resolvers {
  readonly #watch: (scope: WatchScope) => Watch;
  readonly #time: Time;
  readonly #feeds = new Map<string, { feed: ServiceFeed; users: number }>();

  /** @param watch Begins a watch. */
  constructor(watch: (scope: WatchScope) => Watch, time: Time) {
    this.#watch = watch;
    this.#time = time;
  }

  /** @param service `orders` in the default group, or `group@@orders`. */
  open(service: string, options: ResolverOptions = {}): Resolver {
    const name = service.includes('@@') ? service : `DEFAULT_GROUP@@${service}`;
    const shared = this.#feeds.get(name) ?? { feed: this.#begin(name, options), users: 0 };
    shared.users += 1;
    this.#feeds.set(name, shared);
    let isOpen = true;
    return new Resolver(service, options, shared.feed, this.#time, () => {
      if (!isOpen) return;
      isOpen = false;
      shared.users -= 1;
      if (shared.users > 0) return;
      this.#feeds.delete(name);
      shared.feed.close();
    });
  }

  #begin(service: string, { snapshot }: ResolverOptions): ServiceFeed {
    const watch = this.#watch({ services: [service] });
    return new ServiceFeed({ service, watch, store: snapshot, time: this.#time });
  }
}
