import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { createProgram } from '../program';
import { type Candidate, candidates, type NameSource } from './completion';

const list = (...values: string[]): Candidate[] => values.map((value) => ({ value, description: '' }));

/** Names as a registry would know them, and what it was asked with. */
class KnownNames implements NameSource {
  asked: Record<string, string> = {};

  async contexts(): Promise<Candidate[]> {
    return list('prod', 'stage');
  }

  async services(flags: ReadonlyMap<string, string>): Promise<Candidate[]> {
    this.asked = Object.fromEntries(flags);
    return list('orders', 'eu@@orders', 'carts');
  }

  async instances(_flags: ReadonlyMap<string, string>, service: string): Promise<Candidate[]> {
    return list(`${service}-1`, `${service}-2`);
  }

  async leases(): Promise<Candidate[]> {
    return list('1201', '1302');
  }

  async keys(_flags: ReadonlyMap<string, string>, prefix: string): Promise<Candidate[]> {
    return list(`${prefix}a`, `${prefix}b`);
  }
}

const values = async (...words: string[]): Promise<string[]> =>
  (await candidates(createProgram(), words, new KnownNames())).map(({ value }) => value);

it('completes commands, options and names', () =>
  eachRow(
    [
      [['dr'], ['drain']],
      [
        ['context', ''],
        ['add', 'use', 'ls', 'rm'],
      ],
      [['context', 'use', 'p'], ['prod']],
      [['lease', 'revoke', '13'], ['1302']],
      [['kv', 'put', 'a', 'x', '--lease', '12'], ['1201']],
      [
        ['kv', 'get', 'config/'],
        ['config/a', 'config/b'],
      ],
      [
        ['ls', '--context', ''],
        ['prod', 'stage'],
      ],
      [['ls', 'or'], ['orders']],
      [
        ['ls', ''],
        ['orders', 'eu@@orders', 'carts'],
      ],
      [['watch', 'orders', 'c'], ['carts']],
      [['exec', '--service', 'c'], ['carts']],
      [
        ['drain', 'orders', ''],
        ['orders-1', 'orders-2'],
      ],
      [
        ['drain', '--wait', '5s', 'orders', ''],
        ['orders-1', 'orders-2'],
      ],
      [['drain', '--wait=5s', 'orders', 'orders-2'], ['orders-2']],
      [['drain', 'orders', 'orders-1', ''], []],
      [['drain', '--w'], ['--wait']],
      [['drain', '--wait', ''], []],
      [
        ['completion', ''],
        ['bash', 'zsh', 'fish'],
      ],
      [['exec', '--', 'no'], []],
      [['exec', '--', 'node', '--dr'], []],
      [['serve', '--d'], ['--data']],
    ],
    async (words, expected) => {
      expect(await values(...words)).toEqual(expected);
    },
  ));

it('describes candidates, and hides commands that only shells call', async () => {
  const all = await candidates(createProgram(), [''], new KnownNames());
  expect(all).toContainEqual({ value: 'ls', description: 'list services, or the instances of one' });
  expect(all.map(({ value }) => value)).not.toContain('complete');
});

it('completes from the registry that the line names', async () => {
  const names = new KnownNames();
  await candidates(createProgram(), ['ls', '--url', 'http://a', '-n', 'blue', '--json', ''], names);
  expect(names.asked).toEqual({ '--url': 'http://a', '--namespace': 'blue' });
});
