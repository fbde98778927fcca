import { expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { expiredOutput, keptOutput, readCheckRegistration, readCheckUpdate } from './check';

it('the registration of a check is read from clients', () =>
  eachRow(
    [
      // go-kit, by the Go client.
      [
        { ID: 'c1', Name: 'C', ServiceID: 's', TTL: '15s', Status: 'warning' },
        { id: 'c1', name: 'C', serviceId: 's', kind: 'ttl', ttl: 15e9, status: 'warning' },
      ],
      // python-consul.
      [
        { name: 'C', http: 'http://a', interval: '10s', timeout: '1s', serviceid: 's', notes: 'n' },
        { id: 'C', kind: 'http', interval: 10e9, timeout: 1e9, serviceId: 's', notes: 'n' },
      ],
      // The client of npm.
      [
        { CheckID: 'c1', Name: 'C', H2Ping: 'a:1', H2PingUseTLS: true, Interval: '1s', TLSSkipVerify: true },
        { id: 'c1', kind: 'h2ping', h2ping: 'a:1', h2pingUseTls: true, tlsSkipVerify: true },
      ],
      [
        { Name: 'C', AliasService: 's' },
        { kind: 'alias', aliasService: 's' },
      ],
      [
        { Name: 'C', UDP: 'a:1', Interval: 1e9 },
        { kind: 'udp', interval: 1e9 },
      ],
      [{ Name: 'C', OSService: 'sshd', Interval: '1s' }, { kind: 'os_service' }],
      [{ Name: 'C', service_id: 's', TTL: '1s' }, { serviceId: 's' }],
    ],
    (body, expected) => {
      expect(readCheckRegistration(body)).toMatchObject(expected);
    },
  ));

it('the registration of a check is refused with the texts of Consul', () =>
  eachRow(
    [
      [{ ID: 'c1', TTL: '1s' }, '400 Missing check name'],
      [{ Name: 'C', TTL: '1s', Status: 'unknown' }, '400 Bad check status'],
      [{ Name: 'C' }, '400 Invalid check: TTL must be > 0 for TTL checks'],
      [{ Name: 'C', TTL: -1 }, '400 Invalid check: TTL must be > 0 for TTL checks'],
      [
        { Name: 'C', TCP: 'a:1', Interval: '1s', AliasNode: 'n' },
        '400 Invalid check: Interval cannot be set for Alias checks',
      ],
      [{ Name: 'C', TTL: '1s', OutputMaxSize: -1 }, '400 Invalid check: MaxOutputMaxSize must be positive'],
    ],
    (body, expected) => {
      expect(refusalOfCall(() => readCheckRegistration(body))).toBe(expected);
    },
  ));

it('an update has one of three statuses', () => {
  expect(readCheckUpdate({ Status: 'warning', Output: 'slow' })).toEqual({ status: 'warning', output: 'slow' });
  expect(refusalOfCall(() => readCheckUpdate({ Status: 'warn' }))).toBe("400 Invalid check status: 'warn'");
  expect(refusalOfCall(() => readCheckUpdate({}))).toBe("400 Invalid check status: ''");
});

it('a long output is shortened, and the last one survives the end of the TTL', () => {
  expect(keptOutput('é'.repeat(2_048))).toHaveLength(2_048);
  expect(keptOutput('a'.repeat(4_097))).toBe(`${'a'.repeat(4_096)} ... (captured 4096 of 4097 bytes)`);
  expect(expiredOutput('')).toBe('TTL expired');
  expect(expiredOutput('ok')).toBe('TTL expired (last output before timeout follows): ok');
});
