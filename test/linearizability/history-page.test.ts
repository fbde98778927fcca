import { expect, it } from 'vitest';
import { encodeCursor } from '../../src/model/cursor';
import { WatchScope } from '../../src/model/frames';
import type { Received, StreamHistory } from '../watch/histories/stream-history';
import { checkHistory } from './check-history';
import { at, content, HandHistory } from './hand-history';
import { historyPage } from './history-page';

it('the page shows the calls that could not be ordered', () => {
  const { history } = new HandHistory()
    .register([0, 10], 's/a', content('<a>'), 1, 'created')
    .register([15], 's/b', content('b'))
    .list([20, 30], 's', 1, [])
    .outage(12, 12, 14);
  const page = historyPage({ history, ...checkHistory(history), watched: [], watchProblems: [] });
  expect(page).toContain('<rect class="ordered"');
  expect(page).toMatch(/<rect class="stuck".*\n.*list s @1/);
  expect(page).toContain('class="outage"');
  expect(page).not.toContain('<a>');
});

it('the page shows the frames that a problem names', () => {
  const bookmark = (revision: number): Received => {
    const sent = { at: 0, durable: 0, compacted: 0 };
    return { type: 'bookmark', at: revision, sent, cursor: encodeCursor(at(revision)) };
  };
  const received = Array.from({ length: 50 }, (_, index) => bookmark(index + 1));
  const link = { cursor: undefined, openedAt: 0, syncs: [], received };
  const scope = WatchScope.parse({});
  const stream: StreamHistory = { name: 'one', scope, isEager: false, base: undefined, links: [link], settledAt: 0 };
  const watchProblems = [{ guarantee: 'ordered', what: 'one: revision 30 came after 31' }];
  const { history } = new HandHistory();
  const page = historyPage({ history, problems: [], findings: [], watched: [stream], watchProblems });
  expect(page).toMatch(/<rect class="stuck".*\n<text[^>]*>book 30</);
  expect(page).toContain('book 40<');
  expect(page).not.toContain('book 41<');
});
