import { useEffect, useState } from 'preact/hooks';
import type { SubscriberList } from '../../client/wire/answers';
import { Blind } from '../parts/act-dialog';
import { Empty, Problem, Skeleton } from '../parts/problem';
import { StateMark } from '../parts/state-mark';
import { readSubscribers } from '../state/act-run';
import { readersOf } from '../state/acts';
import type { ServiceAddress } from '../state/paths';
import type { ServiceLive } from '../state/service-live';
import { words } from '../words/words';

/** Longest time between two reads. */
const IDLE_MS = 5_000;

/** Shortest time between two reads, for changes that follow each other. */
const BUSY_MS = 500;

/** Lists the subscribers of a service, with how far each has come, and its readers that can't acknowledge. */
export function Subscribers({ address, live }: { address: ServiceAddress; live: ServiceLive }) {
  const { service: text, common } = words.value;
  const [list, setList] = useState<SubscriberList>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let isOpen = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;
    let isStale = false;
    const read = async () => {
      clearTimeout(timer);
      isReading = true;
      isStale = false;
      try {
        const { list: fresh } = await readSubscribers(address);
        if (isOpen) setList(fresh);
        setError(undefined);
      } catch (reason) {
        if (isOpen) setError(reason);
      }
      // At most one read in half a second, and the newest change is always followed by one.
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      isReading = false;
      if (!isOpen) return;
      if (isStale) void read();
      else timer = setTimeout(() => void read(), IDLE_MS - BUSY_MS);
    };
    const stop = live.revision.subscribe(() => {
      if (isReading) isStale = true;
      else void read();
    });
    return () => {
      isOpen = false;
      stop();
      clearTimeout(timer);
    };
  }, [live]);
  if (list === undefined) return error === undefined ? <Skeleton /> : <Problem error={error} />;
  const { subscribers, blind } = list;
  const readers = readersOf(list, subscribers);
  const changedAt = Math.max(live.revision.value, live.settings.value?.service?.revision ?? 0);
  return (
    <>
      {error !== undefined && <Problem error={error} />}
      <div class="card note">
        {readers.blind === 0 && !readers.isUnsure ? <p>{text.noBlind}</p> : <Blind readers={readers} />}
        {(blind.plain ?? 0) > 0 && <p class="mute">{text.plain(blind.plain ?? 0)}</p>}
      </div>
      {subscribers.length === 0 ? (
        <Empty>{text.noSubscribers}</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys
        <div class="card scroll" tabIndex={0}>
          <table>
            <caption class="vh">{text.tab.subscribers}</caption>
            <thead>
              <tr>
                <th scope="col">{text.subscriber}</th>
                <th scope="col">{common.state}</th>
                <th scope="col">{text.acknowledged}</th>
                <th scope="col">{text.kind}</th>
                <th scope="col">{common.address}</th>
              </tr>
            </thead>
            <tbody>
              {subscribers.map(({ id, kind, address: from, lag, acknowledgedRevision, observer }) => (
                <tr key={`${id} ${kind} ${from}`}>
                  <th scope="row">
                    {id} {observer && <span class="mute">({text.observer})</span>}
                  </th>
                  <td>
                    {lag > 0 || (acknowledgedRevision < changedAt && !observer) ? (
                      <StateMark state="starting">{lag > 0 ? text.behind(lag) : text.notAcknowledged}</StateMark>
                    ) : (
                      <StateMark state="up" isCalm>
                        {text.upToDate}
                      </StateMark>
                    )}
                  </td>
                  <td>{acknowledgedRevision === 0 ? text.nothingYet : text.revision(acknowledgedRevision)}</td>
                  <td>{text.kinds[kind]}</td>
                  <td class="mono">{from}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
