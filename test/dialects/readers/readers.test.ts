import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceView } from '../../../src/model/instance';
import { readStrictJson } from '../../fixtures/strict-json';
import { readStrictXml, type XmlElement } from '../../fixtures/strict-xml';
import { MatrixStage } from '../matrix/matrix-stage';
import { type WildRegistration, wildRegistration } from './wild-registrations';

/** The strictest readers read from Eureka's door what any door accepts: in JSON and in XML, from each of its lists. */

/** Members of Eureka's JSON that are checked by name. */
interface ShownInstance extends Record<string, unknown> {
  instanceId: string;
  app: string;
  vipAddress: string;
  metadata: Record<string, string>;
}

/** Replaces characters that XML 1.0 can't represent by U+FFFD. */
const inXml = (text: string): string =>
  Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0;
    const isLegal =
      [0x9, 0xa, 0xd].includes(point) ||
      (point >= 0x20 && point <= 0xd7ff) ||
      (point >= 0xe000 && point <= 0xfffd) ||
      point >= 0x10000;
    return isLegal ? character : '\ufffd';
  }).join('');

/** Decodes XStream's element names. */
const keyOf = (name: string): string =>
  name.replace(/__|_-|_\.([0-9a-f]{4})/g, (sequence, hex?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return sequence === '__' ? '_' : '$';
  });

/** Converts an element to the JSON of the same instance, with all values as text. */
function asJson({ name, attributes, children, text }: XmlElement): unknown {
  const marks = Object.entries(attributes).map(([key, value]): [string, unknown] => [`@${key}`, value]);
  if (children.length === 0 && marks.length === 0 && name !== 'metadata') return text;
  const members = children.map((child): [string, unknown] => [
    name === 'metadata' ? keyOf(child.name) : child.name,
    asJson(child),
  ]);
  expect(new Set(members.map(([key]) => key)).size, `members of ${name}`).toBe(members.length);
  return Object.fromEntries([...marks, ...members, ...(children.length === 0 && text !== '' ? [['$', text]] : [])]);
}

/** Converts JSON to what its XML contains: all scalars are text, and characters that XML lacks are replaced. */
function asText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return inXml(String(value));
  const members = Object.entries(value).map(([key, member]) => [
    key === 'overriddenStatus' ? 'overriddenstatus' : key,
    asText(member),
  ]);
  return Object.fromEntries(members);
}

function instancesIn(element: XmlElement): XmlElement[] {
  return element.name === 'instance' ? [element] : element.children.flatMap(instancesIn);
}

/** Returns all instances of a JSON document of any kind. */
function shownIn(document: unknown): ShownInstance[] {
  // `as`, here and below: these are the door's documents.
  const { applications, application, instance } = document as Record<string, Record<string, unknown>>;
  if (instance !== undefined) return [instance as ShownInstance];
  const all = (applications?.application ?? [application]) as { instance: ShownInstance[] }[];
  return all.flatMap((each) => each.instance);
}

class Readers extends MatrixStage {
  async register({ method, path, type, body }: WildRegistration): Promise<boolean> {
    const { status } = await this.attempt(method, path, { body, headers: { 'content-type': type } });
    expect(status).toBeLessThan(500);
    return status < 300;
  }

  /** Returns all stored instances, from the core. */
  async stored(): Promise<InstanceView[]> {
    const { body } = await this.namespace.api.snapshot({});
    const { services } = readStrictJson(body ?? '') as { services: { instances: InstanceView[] }[] };
    return services.flatMap(({ instances }) => instances);
  }

  /** Returns the instances at a path, and checks that both formats show the same. */
  async read(path: string): Promise<ShownInstance[]> {
    const json = await this.send('GET', path, { headers: { accept: 'application/json' } });
    const xml = await this.send('GET', path);
    const shown = shownIn(readStrictJson(json));
    expect(instancesIn(readStrictXml(xml)).map(asJson)).toEqual(shown.map(asText));
    return shown;
  }
}

/** Returns metadata as Eureka's clients see it, without keys that their JSON reads as an element's attributes or text. */
function entriesIn(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !key.startsWith('@') && key !== '$'));
}

/** Returns the same as it is shown, with a marker if there are no entries. */
function shownEntries(metadata: Record<string, string>): Record<string, string> {
  const entries = entriesIn(metadata);
  return Object.keys(entries).length === 0 ? { '@class': 'java.util.Collections$EmptyMap' } : entries;
}

const segment = encodeURIComponent;

/** Sorts instances by their content. */
const inOrder = (all: readonly ShownInstance[]): ShownInstance[] =>
  [...all].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));

describe('strict readers', () => {
  it('[F14] read every list, with whatever any door accepted', async () => {
    const taken: Record<string, number> = { native: 0, nacos: 0, 'go-micro': 0, eureka: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(wildRegistration, { minLength: 1, maxLength: 3 }), async (registrations) => {
        const readers = new Readers();
        for (const each of registrations) {
          if (await readers.register(each)) taken[each.door] = (taken[each.door] ?? 0) + 1;
        }
        const stored = await readers.stored();
        const all = await readers.read('/eureka/apps');
        expect(inOrder(await readers.read('/eureka/apps/delta'))).toEqual(inOrder(all));
        expect(all).toHaveLength(stored.length);
        for (const view of stored) {
          const { id, group, service, metadata } = view;
          const app = (group === 'DEFAULT_GROUP' ? service : `${group}@@${service}`).toUpperCase();
          // Services that differ only in case are one application.
          const alike = all.filter((one) => one.instanceId === id && one.app === app);
          expect(alike.map((one) => one.metadata)).toContainEqual(shownEntries(metadata));
          const [shown] = alike;
          if (shown === undefined) continue;
          for (const list of ['vips', 'svips']) {
            // The first of several; a dot can't be a path segment.
            const [address = ''] = (shown.vipAddress ?? '').split(',');
            if (!/^\.{0,2}$/.test(address))
              expect(await readers.read(`/eureka/${list}/${segment(address)}`)).toContainEqual(shown);
          }
          // An application and an id are path segments, and some segments are refused.
          expect(await readers.read(`/eureka/apps/${segment(app)}`)).toContainEqual(shown);
          expect(await readers.read(`/eureka/apps/${segment(app)}/${segment(id)}`)).toEqual([shown]);
        }
        const services = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders';
        for (const path of [`${services}/instances`, '/nacos/v1/ns/instance/list?serviceName=orders', '/registry']) {
          readStrictJson(await readers.send('GET', path));
        }
      }),
      { numRuns: 100 },
    );
    // A run in which no registration is accepted proves nothing.
    for (const door of Object.keys(taken)) expect(taken[door], door).toBeGreaterThan(0);
  });
});
