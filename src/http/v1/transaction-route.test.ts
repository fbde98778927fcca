import { describe, expect, it } from 'vitest';
import { problemOf, ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import type { Grant } from '../../model/grant';
import { TRANSACTION_MAX_BYTES } from '../../model/limits';

const PATH = '/api/v1/ns/public/transaction';

const post = (test: TestApp, body: string, token = ROOT_TOKEN): Promise<Response> =>
  Promise.resolve(
    test.send('POST', PATH, {
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
    }),
  );

/** Returns the code of a refusal, or `ok`. */
async function outcome(test: TestApp, body: unknown, token?: string): Promise<string> {
  const response = await post(test, typeof body === 'string' ? body : JSON.stringify(body), token);
  return response.ok ? 'ok' : (await problemOf(response)).code;
}

const put = (key: string) => ({ op: 'put', key, value: '' });
const range = (key: string) => ({ op: 'range', key });
const compare = (key: string) => ({ key, property: 'exists', operand: true });

describe('permissions of a transaction', () => {
  const allowed = async (body: object, ...grants: Omit<Grant, 'ns'>[]): Promise<boolean> => {
    const test = new TestApp();
    const { token } = test.directory.give(grants.map((grant) => ({ ns: 'public', services: [], ...grant })));
    const code = await outcome(test, body, token);
    expect([code, test.namespace.calls.length]).toEqual(code === 'ok' ? ['ok', 1] : ['FORBIDDEN', 0]);
    return code === 'ok';
  };

  it('[TX6, KV12] are needed for every key that it compares, reads or changes', async () => {
    const read: Omit<Grant, 'ns'> = { scope: 'read', keys: ['r/*'] };
    const write: Omit<Grant, 'ns'> = { scope: 'register', keys: ['w/*'] };
    const cases: [body: object, expected: boolean][] = [
      [{ compares: [compare('r/a')], then: [put('w/a'), { op: 'delete', key: 'w/b' }], else: [range('r/a')] }, true],
      [{ compares: [compare('w/a')] }, false],
      [{ then: [range('w/a')] }, false],
      [{ then: [put('r/a')] }, false],
      [{ then: [{ op: 'delete', prefix: 'w/a' }] }, true],
      [{ then: [{ op: 'delete', prefix: 'w' }] }, false],
      [{ then: [{ op: 'delete', from: 'w/a' }] }, false],
      [{ then: [{ op: 'range', prefix: '' }] }, false],
      [{ then: [{ ...put('w/a'), previous: true }] }, false],
      [{ then: [{ op: 'delete', key: 'w/a', previous: true }] }, false],
      [{ then: [{ op: 'register', service: 'orders', id: 'a', address: '10.0.0.7', port: 80 }] }, false],
    ];
    for (const [body, expected] of cases) expect(await allowed(body, read, write), JSON.stringify(body)).toBe(expected);
    const both = { then: [{ ...put('w/a'), previous: true }] };
    expect(await allowed(both, write, { scope: 'read', keys: ['w/a'] })).toBe(true);
  });

  it('[TX6] are needed on both sides, also of nested transactions', async () => {
    const write: Omit<Grant, 'ns'> = { scope: 'register', keys: ['w/*'] };
    const sides: ((...operations: object[]) => object)[] = [
      (...operations) => ({ then: operations }),
      (...operations) => ({ else: operations }),
      (...operations) => ({ then: [{ op: 'transaction', else: operations }] }),
      (...operations) => ({ else: [{ op: 'transaction', then: [{ op: 'transaction', then: operations }] }] }),
    ];
    for (const side of sides) {
      expect(await allowed(side(put('w/a'), put('w/b')), write)).toBe(true);
      expect(await allowed(side(put('w/a'), put('x')), write)).toBe(false);
    }
    expect(await allowed({ then: [{ op: 'transaction', compares: [compare('w/a')] }] }, write)).toBe(false);
  });
});

describe('bodies of a transaction', () => {
  it('[I10, TX5] that are wrong, too many or nested deeply are refused', async () => {
    const test = new TestApp();
    const nested = (depth: number) => `${'{"op":"transaction","then":['.repeat(depth)}${']}'.repeat(depth)}`;
    const wrong: unknown[] = [
      null,
      [],
      'null',
      { compare: [] },
      { then: {} },
      { then: [null] },
      { then: [{ op: 'nope' }] },
      { then: [{ op: 'put', key: 'a' }] },
      { then: [{ op: 'put', value: '' }] },
      { then: [{ op: 'put', key: '', value: '' }] },
      { then: [{ op: 'put', key: 'a', keyBase64: 'YQ==', value: '' }] },
      { then: [{ op: 'put', key: 'a', value: '', valueBase64: '' }] },
      { then: [{ op: 'put', key: 'a', value: '', keepValue: true }] },
      { then: [{ op: 'put', key: 'a', valueBase64: 'Y' }] },
      { then: [{ op: 'put', key: 'k'.repeat(4_097), value: '' }] },
      { then: [{ op: 'delete' }] },
      { then: [{ op: 'delete', key: 'a', prefix: 'a' }] },
      { then: [{ op: 'range', prefix: 'a', to: 'b' }] },
      { then: [{ op: 'range', key: 'a', limit: 0 }] },
      { compares: [{ key: 'a', property: 'value' }] },
      { compares: [{ key: 'a', property: 'version', operand: '1' }] },
      { compares: [{ key: 'a', property: 'version', operand: -1 }] },
      { compares: [{ key: 'a', property: 'lease', is: '<', operand: '1' }] },
      { compares: [{ property: 'exists', operand: true }] },
      { compares: Array.from({ length: 129 }, () => compare('a')) },
      { then: Array.from({ length: 129 }, (_, index) => put(String(index))) },
      `{"then":[${nested(129)}]}`,
      `{"then":[${nested(30_000)}]}`,
      `{"compares":[${nested(30_000)}]}`,
      `{"then":[{"op":"put","key":"\\ud800","value":""}]}`,
      `{"then":[{"op":"put","key":"a","value":"\\udfff"}]}`,
      `{"__proto__":{"then":[]}}`,
    ];
    for (const body of wrong) {
      expect(await outcome(test, body), JSON.stringify(body).slice(0, 200)).toBe('INVALID_REQUEST');
    }
    expect(await outcome(test, { then: [{ ...put('a'), value: 'x'.repeat(TRANSACTION_MAX_BYTES) }] })).toBe(
      'PAYLOAD_TOO_LARGE',
    );
    expect(test.namespace.calls).toEqual([]);
    expect(await outcome(test, `{"then":[${nested(128)}]}`)).toBe('ok');
  });

  it('[TX1, KV1] have keys and values as text or as base64', async () => {
    const test = new TestApp();
    const then = [
      { op: 'put', keyBase64: '/wA=', valueBase64: 'AP8=', contentType: 'image/png' },
      { op: 'put', key: 'ü', value: 'é' },
      { op: 'delete', prefixBase64: '/w==' },
      { op: 'range', fromBase64: 'AA==', to: 'z', keys: true, limit: 3 },
    ];
    expect(
      await outcome(test, { then, compares: [{ keyBase64: 'AA==', property: 'value', operandBase64: '/w==' }] }),
    ).toBe('ok');
    expect(test.namespace.calls.at(-1)?.asked.at(-1)).toMatchObject({
      compares: [{ interval: { from: '\u0000', to: '\u0000\u0000' }, property: 'value', is: '=', operand: '\u00ff' }],
      then: [
        { key: '\u00ff\u0000', value: '\u0000\u00ff', contentType: 'image/png' },
        { key: '\u00c3\u00bc', value: '\u00c3\u00a9' },
        { interval: { from: '\u00ff', to: undefined } },
        { interval: { from: '\u0000', to: 'z' }, keysOnly: true, limit: 3 },
      ],
      else: [],
    });
  });
});
