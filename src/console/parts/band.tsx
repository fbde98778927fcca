import type { Shares } from '../state/instance-state';

const WIDTH = 160;
const HATCH = 5;

/**
 * Shows the shares of a service's instances in one band: what is up is a thin line; only trouble has full height, out of
 * traffic as a double bar and unhealthy hatched. Its row says the same in words.
 */
export function Band({ up, out, unhealthy }: Shares) {
  const all = up + out + unhealthy;
  const scale = all === 0 ? 0 : WIDTH / all;
  const outAt = up * scale;
  const unhealthyAt = outAt + out * scale;
  const lines = [];
  for (let x = unhealthyAt + 3; x < WIDTH - 2 && unhealthy > 0; x += HATCH) lines.push(`M${x.toFixed(1)} 10l4-10`);
  return (
    <svg class="bar" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
      {all === 0 && <rect class="o" y="3" width={WIDTH} height="4" />}
      {up > 0 && <rect class="a" y="3" width={outAt} height="4" />}
      {out > 0 && <rect class="w" x={outAt} width={out * scale} height="10" />}
      {out > 0 && <rect class="gap" x={outAt} y="4" width={out * scale} height="2" />}
      {unhealthy > 0 && <rect class="u" x={unhealthyAt} width={unhealthy * scale} height="10" />}
      {lines.length > 0 && <path class="ln" d={lines.join('')} />}
    </svg>
  );
}
