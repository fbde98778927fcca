import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { SourceHttp } from './source-http';

describe('the url of a source', () => {
  it('is parsed into its address, user and password', () =>
    eachRow(
      [
        ['http://nacos:8848/nacos/', undefined, undefined],
        ['http://user:50%25@nacos:8848/nacos', 'user', '50%'],
        ['http://user:50%@nacos:8848/nacos', 'user', '50%'],
        ['http://us%40er@nacos:8848/nacos', 'us@er', undefined],
      ],
      (text, user, password) => {
        const { url, credentials } = new SourceHttp(text);
        expect([url, credentials]).toEqual(['http://nacos:8848/nacos', { user, password, token: undefined }]);
      },
    ));

  it('is shown without parts that may be secret', async () => {
    const http = new SourceHttp('http://user:pass-word@127.0.0.1:1/t/rc_secret_token/eureka');
    const failure = await http.answer('/apps/').catch((error: unknown) => String(error));
    expect(failure).toContain('Cannot reach the source 127.0.0.1:1');
    expect(failure).not.toMatch(/rc_secret|pass-word/);
  });
});
