import { LAYOUTS } from '../../layouts/layouts';
import { utf8ByteString } from '../../model/bytes';
import { safeParse } from '../../model/fast-path';
import { InstanceDefinition } from '../../model/instance';
import type { HeldEntry, Layout } from '../../model/layout';
import { DEFAULT_GROUP } from '../../model/service-name';
import { CliError, EXIT } from '../terminal/failure';
import type { ServiceName } from '../terminal/option-values';
import { EtcdHttp } from './etcd-http';
import { EtcdKeys } from './etcd-keys';
import type { ServiceFilter, Source, SourceInstance } from './source';
import type { SourceHttp } from './source-http';

export interface EtcdOptions {
  http: SourceHttp;
  filter: ServiceFilter;
  /** Layouts, such as `go-zero` or `kratos=/microservices`; if empty, all that need no prefix. */
  layouts: readonly string[];
}

/** A layout below a prefix of one character a byte; empty if it is read anywhere. */
interface PlacedLayout {
  layout: Layout;
  prefix: string;
}

/** Time within which changes are reported together, in milliseconds: a deploy makes many. */
const REPORT_MS = 20;

/**
 * An etcd, read over its JSON gateway: entries that a lease holds and that a layout reads as instances, as the registry
 * itself reads them from clients of its etcd dialect. When followed, changes arrive by a watch.
 */
export class EtcdSource implements Source {
  readonly name: string;
  readonly #filter: ServiceFilter;
  readonly #layouts: readonly PlacedLayout[];
  readonly #ranges: readonly EtcdKeys<SourceInstance>[];

  /** @throws {CliError} For a layout that does not exist, or lacks a prefix. */
  constructor({ http, filter, layouts }: EtcdOptions) {
    const placed =
      layouts.length > 0
        ? layouts.map(placedLayout)
        : LAYOUTS.filter(({ readsAnywhere }) => readsAnywhere).map((layout) => ({ layout, prefix: '' }));
    // A mirror with other layouts is another one: it does not remove what this one has read.
    const named = layouts.length === 0 ? '' : ` ${layouts.join(' ')}`;
    this.name = `etcd ${http.host}${named}`;
    this.#filter = filter;
    // As in a namespace: an entry is read below the prefixes first.
    this.#layouts = [...placed.filter(({ prefix }) => prefix !== ''), ...placed.filter(({ prefix }) => prefix === '')];
    const gateway = new EtcdHttp(http);
    const read = (entry: HeldEntry) => this.#instanceIn(entry);
    this.#ranges = outermost(placed.map(({ prefix }) => prefix)).map(
      (prefix) => new EtcdKeys({ http: gateway, prefix, read }),
    );
  }

  covers(service: ServiceName): boolean {
    return this.#filter(service);
  }

  get remark(): string | undefined {
    const leftOut = this.#ranges.reduce((sum, range) => sum + range.leftOut, 0);
    return leftOut === 0 ? undefined : `keys that are no instances, and are left out: ${leftOut}`;
  }

  async read(signal?: AbortSignal): Promise<SourceInstance[]> {
    const found = await Promise.all(this.#ranges.map((range) => range.read(signal)));
    return found.flat().filter((instance) => this.covers(instance));
  }

  follow(onChange: () => void, signal: AbortSignal): void {
    let isDue = false;
    const report = () => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        if (!signal.aborted) onChange();
      }, REPORT_MS);
    };
    for (const range of this.#ranges) void range.follow(report, signal);
  }

  /** Reads an entry by the first layout that knows its shape, and checks it as a registration is checked. */
  #instanceIn(entry: HeldEntry): SourceInstance | undefined {
    if (entry.leaseNames.length === 0) return undefined;
    for (const { layout, prefix } of this.#layouts) {
      const found = entry.key.startsWith(prefix) ? layout.read(entry, prefix) : undefined;
      if (found === undefined) continue;
      const { group = DEFAULT_GROUP, service, id, definition } = found;
      if (!safeParse(InstanceDefinition, { ...definition, ephemeral: false }).success) continue;
      // `as`: the schema has checked what a layout leaves open.
      return { group, service, id, body: definition as SourceInstance['body'] };
    }
    return undefined;
  }
}

/** @throws {CliError} For a layout that does not exist, or lacks a prefix. */
function placedLayout(text: string): PlacedLayout {
  const [, kind, prefix = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
  const layout = LAYOUTS.find((each) => each.kind === kind);
  if (layout === undefined) {
    const kinds = LAYOUTS.map((each) => each.kind).join(', ');
    throw new CliError(EXIT.usage, `There is no layout ${JSON.stringify(kind)}: use one of ${kinds}.`);
  }
  if (prefix === '' && !layout.readsAnywhere) {
    throw new CliError(
      EXIT.usage,
      `Entries of ${kind} are not recognized without a prefix.`,
      `Name it, such as --layout ${kind}=/${kind === 'kratos' ? 'microservices' : 'services/orders/'}`,
    );
  }
  return { layout, prefix: utf8ByteString(prefix) };
}

/** Returns prefixes without those that begin with another one. */
function outermost(prefixes: readonly string[]): string[] {
  const all = [...new Set(prefixes)];
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}
