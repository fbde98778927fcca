import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { grant, grants, grantText } from './token';

it('parses grants, and formats them again', () =>
  eachRow(
    [
      ['admin:*', { scope: 'admin', ns: '*' }],
      ['read:public', { scope: 'read', ns: 'public' }],
      ['register:staging:orders*', { scope: 'register', ns: 'staging', services: ['DEFAULT_GROUP@@orders*'] }],
      ['operate:public:eu@@*', { scope: 'operate', ns: 'public', services: ['eu@@*'] }],
      ['read:public:keys=config/a:b*', { scope: 'read', ns: 'public', keys: ['config/a:b*'] }],
      ['read:public:*', { scope: 'read', ns: 'public', services: ['*'] }],
      [
        'read:public:com.example:Orders',
        { scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@com.example:Orders'] },
      ],
    ],
    (text, value) => {
      expect(grant(text)).toEqual(value);
      expect(grantText(grant(text))).toBe(text);
    },
  ));

it('[A50] formats a pattern as it is parsed', () =>
  eachRow(
    [
      ['DEFAULT_GROUP@@*', 'read:public:DEFAULT_GROUP@@*'],
      ['DEFAULT_GROUP@@eu@@orders', 'read:public:DEFAULT_GROUP@@eu@@orders'],
      ['eu*', 'read:public:eu*'],
      ['a@@@b', 'read:public:a@@@b'],
    ],
    (pattern, text) => {
      expect(grantText({ scope: 'read', ns: 'public', services: [pattern] })).toBe(text);
    },
  ));

it('formats a grant on services and entries', () => {
  expect(grantText({ scope: 'read', ns: 'public', services: ['*'], keys: ['a', 'b*'] })).toBe(
    'read:public:*,keys=a,keys=b*',
  );
});

it('refuses invalid grants', () =>
  eachRow(
    [
      ['write:public', 'starts with a scope (admin, operate'],
      ['read', 'needs a namespace, or * for all: read:public'],
      ['read:public:', 'must not end with a colon'],
      ['read:public:key=config/*', 'A grant has no key=. Write read:public:orders for a service, or read:public:keys='],
      ['read:public:services=orders:keys=a', 'A grant has no services='],
      ['read:public:keys=', 'needs their keys: read:public:keys=config/*'],
    ],
    (text, message) => {
      expect(() => grant(text)).toThrow(message);
    },
  ));

it('collects the grants of a repeated option', () => {
  expect(grants('read:b', grants('read:a')).map(({ ns }) => ns)).toEqual(['a', 'b']);
});
