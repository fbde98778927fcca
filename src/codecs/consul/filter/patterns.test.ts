import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { CONSUL_PATTERN_MAX_CHARACTERS, CONSUL_PATTERN_STEPS_MAX_COUNT } from '../../../model/limits';
import { boundedPatterns } from './patterns';

describe('a regular expression', () => {
  it('matches as in Go', () =>
    eachRow(
      [
        ['^web-[0-9]{1,3}$', 'web-12', true],
        ['(?i)WEB', 'a web', true],
        ['\\pL+\\z', 'é', true],
        ['a.c', 'a\nc', false],
        ['(?s)a.c', 'a\nc', true],
        ['(a+)+$', `${'a'.repeat(4_096)}b`, false],
      ],
      (pattern, text, expected) => {
        expect(boundedPatterns().compile(pattern)(text)).toBe(expected);
      },
    ));

  it('is refused with the reason that Go has', () =>
    eachRow(
      [
        ['(a', 'Failed to compile regular expression "(a": error parsing regexp: missing closing ): `(a`'],
        ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
        ['*', 'error parsing regexp: missing argument to repetition operator: `*`'],
      ],
      (pattern, expected) => {
        expect(() => boundedPatterns().compile(pattern)).toThrow(expected);
      },
    ));

  it('is refused if it is long, or has many repetitions or states', () => {
    expect(() => boundedPatterns().compile('a'.repeat(CONSUL_PATTERN_MAX_CHARACTERS + 1))).toThrow('characters');
    expect(() => boundedPatterns().compile('a{201}')).toThrow('repeat more than');
    expect(() => boundedPatterns().compile('(a{32}){31}'.repeat(2))).toThrow('states');
    expect(boundedPatterns().compile('a{200}')('a'.repeat(200))).toBe(true);
  });

  it('shares its bounds with the others of its filter', () => {
    const patterns = boundedPatterns();
    patterns.compile('a{150}');
    expect(() => patterns.compile('b{51}')).toThrow('repeat more than');
  });

  it('stops once a list has cost too much', () => {
    const test = boundedPatterns().compile('[ab]*a[ab]{190}c$');
    const text = 'ab'.repeat(2_048);
    const affordable = Math.ceil(CONSUL_PATTERN_STEPS_MAX_COUNT / (190 * text.length));
    let count = 0;
    const tooMany = () => {
      for (; count < affordable; count++) test(text);
    };
    expect(tooMany).toThrow('too expensive');
    expect(count).toBeGreaterThan(affordable / 2);
  });
});
