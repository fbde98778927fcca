import type { ComponentChildren } from 'preact';
import type { ServiceAddress } from '../state/paths';
import { ORIGIN } from '../state/session';
import { words } from '../words/words';
import { CopyButton } from './copy-button';
import { Empty } from './problem';

/** Shows how to register a first instance of a service, after a sentence that says why. */
export function FirstInstance({ address, children }: { address: ServiceAddress; children: ComponentChildren }) {
  const { ns, group, service } = address;
  const path = ['ns', ns, 'groups', group, 'services', service, 'instances'].map(encodeURIComponent).join('/');
  const command = `curl -X POST '${ORIGIN}/api/v1/${path.replaceAll("'", '%27')}' \\
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '{"address": "10.0.0.7", "port": 8080}'`;
  return (
    <Empty>
      <p>{children}</p>
      <pre class="mono">{command}</pre>
      <CopyButton text={() => command} />
      <p class="mute">{words.value.services.firstNote}</p>
    </Empty>
  );
}
