import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { numberedPage, pageOf } from './pages';

const LETTERS = ['a', 'b', 'c', 'd', 'e'];

describe('pages', () => {
  it('[Y15] contain the items between their bounds', () =>
    eachRow(
      [
        [1, 2, 'ab'],
        [3, 2, 'e'],
        [4, 2, ''],
        [0, 2, 'ab'],
        [-1, 2, 'ab'],
        [1, 0, ''],
        [1, -1, ''],
        [0, 2_147_483_647, 'abcde'],
        [2_147_483_647, 2_147_483_647, ''],
      ],
      (pageNo, pageSize, expected) => {
        expect(pageOf(LETTERS, { pageNo, pageSize }).join('')).toBe(expected);
      },
    ));

  it('[Y15] are counted in Nacos 3', () => {
    const upper = (letter: string) => letter.toUpperCase();
    const page = { totalCount: 5, pageNumber: 2, pagesAvailable: 3, pageItems: ['C', 'D'] };
    expect(numberedPage(LETTERS, { pageNo: 2, pageSize: 2 }, upper)).toEqual(page);
    expect(numberedPage([], { pageNo: 1, pageSize: 9 }, upper)).toEqual({
      totalCount: 0,
      pageNumber: 1,
      pagesAvailable: 0,
      pageItems: [],
    });
  });
});
