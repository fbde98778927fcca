import type { ComponentChildren } from 'preact';
import type { Override } from '../../client/wire/answers';
import type { RegisteredInstance } from '../../client/wire/history-answers';
import type { Instance } from '../../client/wire/instance';
import { endpointOf } from '../state/instance-state';
import { changedFields } from '../state/record-diff';
import { words } from '../words/words';
import { FieldChanges } from './field-changes';

/** Shows the definition of an instance, now or when it was removed. */
export function InstanceDefinition({
  record,
  override,
  isLast,
}: {
  record: Instance | RegisteredInstance;
  override: Override | undefined;
  isLast: boolean;
}) {
  const { common } = words.value;
  const { definition: text } = words.value.instance;
  const { ports, location = {}, cluster, node, version, status, weight, tags, lease, metadata, extensions } = record;
  const { region, zone, colo, latitude, longitude } = location;
  const place = [region, zone, colo, latitude !== undefined && `${latitude}, ${longitude}`].filter(Boolean).join(' · ');
  const overridden = override === undefined ? [] : changedFields(null, override);
  const metadataEntries = Object.entries(metadata);
  return (
    <section class="card defs">
      <h2>{isLast ? text.last : text.title}</h2>
      <dl>
        <Row name={common.address}>{endpointOf(record)}</Row>
        <Row name={text.ports}>
          {Object.entries(ports)
            .map(([name, { port, secure }]) => `${name} ${port}${secure ? ' TLS' : ''}`)
            .join(', ')}
        </Row>
        <Row name={common.version}>{version}</Row>
        <Row name={text.location}>{place}</Row>
        <Row name={text.cluster}>{cluster}</Row>
        <Row name={text.node}>{node}</Row>
        <Row name={common.status}>{status}</Row>
        <Row name={common.weight}>{String(weight)}</Row>
        <Row name={text.tags}>{tags.join(', ')}</Row>
        <Row name={text.lease}>{lease === null ? text.persistent : text.leaseOf(lease.ttlMs, lease.removeAfterMs)}</Row>
        <Row name={common.owner}>{record.owner}</Row>
        <Row name={text.incarnation}>{record.incarnation}</Row>
        <Row name={text.override}>{overridden.length > 0 && <FieldChanges changes={overridden} />}</Row>
        <Row name={common.metadata}>
          {metadataEntries.length > 0 && (
            <ul class="mono">
              {metadataEntries.map(([name, value]) => (
                <li key={name}>
                  <span class="mute">{name}</span> {value}
                </li>
              ))}
            </ul>
          )}
        </Row>
      </dl>
      {Object.keys(extensions).length > 0 && (
        <details>
          <summary>{text.extensions}</summary>
          <pre class="mono">{JSON.stringify(extensions, undefined, 2)}</pre>
        </details>
      )}
    </section>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  if (!children) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
