/** One line of the plot: from the median to the 99.9th percentile, with a mark at the 99th. */
export interface PlotBar {
  p50: number;
  p99: number;
  p999: number;
}

export interface PlotRow {
  name: string;
  bars: readonly PlotBar[];
}

const WIDTH = 760;
const LEFT = 170;
const RIGHT = 20;
const ROW = 40;
const TOP = 46;
const COLOURS = ['#c2410c', '#0f766e', '#4338ca'];
const TICKS_MS = [10, 20, 50, 100, 200, 500, 1_000];
const FIRST_MS = 9;
const LAST_MS = 2_000;

const x = (ms: number): string =>
  (LEFT + (WIDTH - LEFT - RIGHT) * (Math.log(ms / FIRST_MS) / Math.log(LAST_MS / FIRST_MS))).toFixed(1);

/**
 * Renders latencies of several selectors, side by side on a logarithmic axis, as SVG. Written by hand: it is forty lines.
 */
export function plotSvg(title: string, labels: readonly string[], rows: readonly PlotRow[]): string {
  const height = TOP + rows.length * ROW + 30;
  const bottom = height - 26;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...labels.flatMap((label, index) => [
      `<circle cx="${LEFT + index * 180}" cy="18" r="5" fill="${COLOURS[index]}"/>`,
      `<text x="${LEFT + 10 + index * 180}" y="22">${label}</text>`,
    ]),
    ...TICKS_MS.flatMap((ms) => [
      `<path d="M${x(ms)} ${TOP - 10}V${bottom}" stroke="#ddd"/>`,
      `<text x="${x(ms)}" y="${height - 8}" text-anchor="middle" fill="#555">${ms} ms</text>`,
    ]),
    ...rows.flatMap(({ name, bars }, row) => {
      const y = TOP + row * ROW;
      return [
        `<text x="${LEFT - 12}" y="${y + 14}" text-anchor="end">${name}</text>`,
        ...bars.flatMap(({ p50, p99, p999 }, index) => {
          const line = y + index * 10;
          const colour = COLOURS[index];
          return [
            `<path d="M${x(p50)} ${line}H${x(p999)}" stroke="${colour}" stroke-width="3" stroke-linecap="round" opacity="0.45"/>`,
            `<circle cx="${x(p99)}" cy="${line}" r="4.5" fill="${colour}"/>`,
          ];
        }),
      ];
    }),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}
