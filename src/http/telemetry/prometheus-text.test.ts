import { expect, it } from 'vitest';
import { prometheusText } from './prometheus-text';

it('[H8] formats version 0.0.4: help and type of a metric, then its samples', () => {
  const text = prometheusText([
    { name: 'a_total', type: 'counter', help: 'Of a.', samples: [{ labels: { ns: 'x', cause: 'y' }, value: 7 }] },
    { name: 'none', type: 'gauge', help: 'Of none.', samples: [] },
    {
      name: 'b_seconds',
      type: 'histogram',
      help: 'Of b.',
      samples: [
        { suffix: '_bucket', labels: { le: '+Inf' }, value: 1 },
        { suffix: '_sum', labels: {}, value: 0.5 },
      ],
    },
  ]);
  expect(text).toBe(
    [
      '# HELP a_total Of a.',
      '# TYPE a_total counter',
      'a_total{ns="x",cause="y"} 7',
      '# HELP b_seconds Of b.',
      '# TYPE b_seconds histogram',
      'b_seconds_bucket{le="+Inf"} 1',
      'b_seconds_sum{} 0.5',
      '',
    ].join('\n'),
  );
});

it('escapes labels', () => {
  const samples = [{ labels: { commit: 'a"b\\c\n' }, value: 1 }];
  expect(prometheusText([{ name: 'a', type: 'gauge', help: 'A.', samples }])).toContain(
    'a{commit="a\\"b\\\\c\\n"} 1\n',
  );
});
