import { describe, expect, it } from 'vitest';
import { ticketOf, tokenIn } from './credential';

describe('the ticket of a link', () => {
  it.each([
    ['#ticket=a-b_c', 'a-b_c'],
    ['#ticket=a%2Bb', 'a+b'],
    ['#ticket=', ''],
    ['#ticket=%', '%'],
    ['#content', undefined],
    ['', undefined],
    ['#Ticket=a', undefined],
  ])('of %j is %j', (fragment, ticket) => {
    expect(ticketOf(fragment)).toBe(ticket);
  });
});

describe('an entered token', () => {
  it.each([
    ['rc_abc_def', 'rc_abc_def'],
    ['  rc_abc_def\n', 'rc_abc_def'],
    ['Bearer rc_abc_def', 'rc_abc_def'],
    ['Authorization: Bearer rc_abc_def', 'rc_abc_def'],
    ['', undefined],
    ['two words', undefined],
    ['令牌', undefined],
    ['rc_“quoted”', undefined],
  ])('%j is read as %j', (text, token) => {
    expect(tokenIn(text)).toBe(token);
  });
});
