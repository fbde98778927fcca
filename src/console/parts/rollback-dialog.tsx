import { useEffect, useState } from 'preact/hooks';
import type { HistoryEntry, Moment } from '../../client/wire/history-answers';
import { connection } from '../state/live-feed';
import type { ServiceAddress } from '../state/paths';
import { changedFields } from '../state/record-diff';
import { registryNow } from '../state/registry-clock';
import { type RollbackEffect, type RollbackPreview, rollbackPreview } from '../state/rollback-preview';
import { ask } from '../state/session';
import { count, moment } from '../words/format';
import { words } from '../words/words';
import { announce } from './announcer';
import { Dialog } from './dialog';
import { FieldChanges } from './field-changes';
import { PointProblem } from './point-problem';

/** Entries of a request. */
const PAGE = 1_000;

/**
 * Shows what a rollback of a service would change, asks for confirmation, and shows what it has changed.
 *
 * @param to The moment to restore.
 * @param onDone Called when the service was rolled back.
 */
export function RollbackDialog({
  address,
  to,
  onDone,
  onClose,
}: {
  address: ServiceAddress;
  to: Moment;
  onDone: () => void;
  onClose: () => void;
}) {
  const { diff: text, common } = words.value;
  const [preview, setPreview] = useState<RollbackPreview>();
  const [report, setReport] = useState<RollbackEffect>();
  const [error, setError] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  const { ns, group, service } = address;
  useEffect(() => {
    const reading = new AbortController();
    const { signal } = reading;
    entriesSince({ ns, group, service }, to.cursor, signal).then(
      (entries) => !signal.aborted && setPreview(rollbackPreview(entries, registryNow())),
      (reason) => !signal.aborted && setError(reason),
    );
    return () => reading.abort();
  }, [ns, group, service, to.cursor]);

  const rollBack = async () => {
    setSending(true);
    setError(undefined);
    try {
      const done = await ask((admin) => admin.rollBackService({ ns, group, service, body: { to: to.cursor } }));
      setReport(done);
      announce(text.done);
      onDone();
    } catch (reason) {
      setError(reason);
    }
    setSending(false);
  };
  const shown = report ?? preview?.effect;
  const isLost = connection.value.state === 'lost';
  return (
    <Dialog title={report ? text.done : text.rollBack(moment(to.at))} onClose={onClose}>
      <div class="rollback">
        {report === undefined && <p>{text.covers}</p>}
        {error !== undefined && <PointProblem error={error} param="from" />}
        {shown === undefined && error === undefined && <p role="status">{text.reading}</p>}
        {shown !== undefined && (
          <Effect effect={shown} preview={preview} nothing={report ? text.unchanged : text.nothing} />
        )}
        <div class="acts">
          <button class="btn" type="button" onClick={onClose}>
            {report ? common.close : common.cancel}
          </button>
          {report === undefined && (
            <button
              class="btn main"
              type="button"
              disabled={preview === undefined || isEmpty(preview.effect) || isSending || isLost}
              onClick={() => void rollBack()}
            >
              {text.confirm}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

/** Reads all entries of a service after a cursor, newest first. */
async function entriesSince(
  { ns, group, service }: ServiceAddress,
  since: string,
  signal: AbortSignal,
): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let after: string | undefined;
  do {
    const page = await ask((admin) => admin.readHistory({ ns, group, service, since, after, limit: PAGE, signal }));
    for (const entry of page.entries) entries.push(entry);
    after = page.next;
  } while (after !== undefined);
  return entries;
}

/** A rollback that only leaves out instances that are gone changes nothing. */
const isEmpty = ({ service, restored, removed }: RollbackEffect): boolean =>
  service === undefined && restored.length === 0 && removed.length === 0;

/** Lists what is changed, each record with the fields that are put back. */
function Effect({
  effect,
  preview,
  nothing,
}: {
  effect: RollbackEffect;
  preview: RollbackPreview | undefined;
  nothing: string;
}) {
  const { diff: text } = words.value;
  const { service, restored, removed, gone } = effect;
  const lists = [
    [text.restores, restored],
    [text.removes, removed],
    [text.goneTitle, gone],
  ] as const;
  const { past = null, present = null } = preview?.definition ?? {};
  return (
    <>
      {isEmpty(effect) && <p class="big">{nothing}</p>}
      {service !== undefined && (
        <section>
          <h3>{text.serviceRestores[service]}</h3>
          <FieldChanges changes={changedFields(present, past)} />
        </section>
      )}
      {lists.map(
        ([title, ids]) =>
          ids.length > 0 && (
            <section key={title}>
              <h3>
                {title} ({count(ids.length)})
              </h3>
              <ul>
                {ids.map((id) => {
                  const ends = preview?.overrides.get(id);
                  return (
                    <li key={id}>
                      {id}
                      {ends && ids !== gone && <FieldChanges changes={changedFields(ends.present, ends.past)} />}
                    </li>
                  );
                })}
              </ul>
            </section>
          ),
      )}
    </>
  );
}
