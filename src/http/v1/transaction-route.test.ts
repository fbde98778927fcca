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
      [{ if: [compare('r/a')], do: [put('w/a'), { op: 'delete', key: 'w/b' }], else: [range('r/a')] }, true],
      [{ if: [compare('w/a')] }, false],
      [{ do: [range('w/a')] }, false],
      [{ do: [put('r/a')] }, false],
      [{ do: [{ op: 'delete', prefix: 'w/a' }] }, true],
      [{ do: [{ op: 'delete', prefix: 'w' }] }, false],
      [{ do: [{ op: 'delete', from: 'w/a' }] }, false],
      [{ do: [{ op: 'range', prefix: '' }] }, false],
      [{ do: [{ ...put('w/a'), previous: true }] }, false],
      [{ do: [{ op: 'delete', key: 'w/a', previous: true }] }, false],
      [{ do: [{ op: 'register', service: 'orders', id: 'a', address: '10.0.0.7', port: 80 }] }, false],
    ];
    for (const [body, expected] of cases) expect(await allowed(body, read, write), JSON.stringify(body)).toBe(expected);
    const both = { do: [{ ...put('w/a'), previous: true }] };
    expect(await allowed(both, write, { scope: 'read', keys: ['w/a'] })).toBe(true);
  });

  it('[TX6] are needed on both sides, also of nested transactions', async () => {
    const write: Omit<Grant, 'ns'> = { scope: 'register', keys: ['w/*'] };
    const sides: ((...operations: object[]) => object)[] = [
      (...operations) => ({ do: operations }),
      (...operations) => ({ else: operations }),
      (...operations) => ({ do: [{ op: 'transaction', else: operations }] }),
      (...operations) => ({ else: [{ op: 'transaction', do: [{ op: 'transaction', do: operations }] }] }),
    ];
    for (const side of sides) {
      expect(await allowed(side(put('w/a'), put('w/b')), write)).toBe(true);
      expect(await allowed(side(put('w/a'), put('x')), write)).toBe(false);
    }
    expect(await allowed({ do: [{ op: 'transaction', if: [compare('w/a')] }] }, write)).toBe(false);
  });
});

describe('bodies of a transaction', () => {
  it('[I10, TX5] that are wrong, too many or nested deeply are refused', async () => {
    const test = new TestApp();
    const nested = (depth: number) => `${'{"op":"transaction","do":['.repeat(depth)}${']}'.repeat(depth)}`;
    const wrong: unknown[] = [
      null,
      [],
      'null',
      { compare: [] },
      { do: {} },
      { do: [null] },
      { do: [{ op: 'nope' }] },
      { do: [{ op: 'put', key: 'a' }] },
      { do: [{ op: 'put', value: '' }] },
      { do: [{ op: 'put', key: '', value: '' }] },
      { do: [{ op: 'put', key: 'a', keyBase64: 'YQ==', value: '' }] },
      { do: [{ op: 'put', key: 'a', value: '', valueBase64: '' }] },
      { do: [{ op: 'put', key: 'a', value: '', keepValue: true }] },
      { do: [{ op: 'put', key: 'a', valueBase64: 'Y' }] },
      { do: [{ op: 'put', key: 'k'.repeat(4_097), value: '' }] },
      { do: [{ op: 'delete' }] },
      { do: [{ op: 'delete', key: 'a', prefix: 'a' }] },
      { do: [{ op: 'range', prefix: 'a', to: 'b' }] },
      { do: [{ op: 'range', key: 'a', limit: 0 }] },
      { if: [{ key: 'a', property: 'value' }] },
      { if: [{ key: 'a', property: 'version', operand: '1' }] },
      { if: [{ key: 'a', property: 'version', operand: -1 }] },
      { if: [{ key: 'a', property: 'lease', is: '<=', operand: '1' }] },
      { if: [{ property: 'exists', operand: true }] },
      { if: Array.from({ length: 129 }, () => compare('a')) },
      { do: Array.from({ length: 129 }, (_, index) => put(String(index))) },
      `{"do":[${nested(129)}]}`,
      `{"do":[${nested(30_000)}]}`,
      `{"if":[${nested(30_000)}]}`,
      `{"do":[{"op":"put","key":"\\ud800","value":""}]}`,
      `{"do":[{"op":"put","key":"a","value":"\\udfff"}]}`,
      `{"__proto__":{"do":[]}}`,
    ];
    for (const body of wrong) {
      expect(await outcome(test, body), JSON.stringify(body).slice(0, 200)).toBe('INVALID_REQUEST');
    }
    expect(await outcome(test, { do: [{ ...put('a'), value: 'x'.repeat(TRANSACTION_MAX_BYTES) }] })).toBe(
      'PAYLOAD_TOO_LARGE',
    );
    expect(test.namespace.calls).toEqual([]);
    expect(await outcome(test, `{"do":[${nested(128)}]}`)).toBe('ok');
  });

  it('[TX1, KV1] have keys and values as text or as base64', async () => {
    const test = new TestApp();
    const operations = [
      { op: 'put', keyBase64: '/wA=', valueBase64: 'AP8=', contentType: 'image/png' },
      { op: 'put', key: 'ü', value: 'é' },
      { op: 'delete', prefixBase64: '/w==' },
      { op: 'range', fromBase64: 'AA==', to: 'z', keysOnly: true, limit: 3 },
    ];
    expect(
      await outcome(test, { do: operations, if: [{ keyBase64: 'AA==', property: 'value', operandBase64: '/w==' }] }),
    ).toBe('ok');
    expect(test.namespace.calls.at(-1)?.asked.at(-1)).toMatchObject({
      if: [{ interval: { from: '\u0000', to: '\u0000\u0000' }, property: 'value', is: '=', operand: '\u00ff' }],
      do: [
        { key: '\u00ff\u0000', value: '\u0000\u00ff', contentType: 'image/png' },
        { key: '\u00c3\u00bc', value: '\u00c3\u00a9' },
        { interval: { from: '\u00ff', to: undefined } },
        { interval: { from: '\u0000', to: 'z' }, keysOnly: true, limit: 3 },
      ],
      else: [],
    });
  });
});
