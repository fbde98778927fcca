import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import type { CheckStatus } from '../check';
import { consulError } from '../refusals';
import { readServiceRegistration } from '../service';
import { aggregatedStatus, type CheckRecord, showCatalogService, showCheck, showHealth } from '../shown';
import { type Expression, type Match, printExpression } from './expression';
import { FILTER_FIELDS, type FilteredEndpoint } from './fields';
import { compileFilter, type Patterns, usesPatterns } from './filter';
import { parseFilter } from './parse';

/** Patterns of JavaScript, for tests that are not about them. */
const PLAIN: Patterns = {
  compile(pattern) {
    const compiled = new RegExp(pattern);
    return (text) => compiled.test(text);
  },
};

const INDEXES = { createIndex: 3, modifyIndex: 5 };

const node = {
  id: '40e4a748-2192-161a-0510-9bf59fe950b5',
  name: 'node1',
  address: '10.0.0.1',
  datacenter: 'dc1',
  taggedAddresses: { lan: '10.0.0.1' },
  meta: { rack: 'r 1' },
  ...INDEXES,
};

const service = {
  ...readServiceRegistration({
    Name: 'web',
    ID: 'web-1',
    Tags: ['v1', 'blue'],
    Port: 8080,
    Address: '10.0.0.5',
    Meta: { env: 'prod', 'a.b': 'c' },
    TaggedAddresses: { lan: { Address: '10.0.0.5', Port: 8080 } },
    Connect: { Native: true },
  }),
  ...INDEXES,
};

const check = (id: string, status: CheckStatus): CheckRecord => ({
  node: 'node1',
  id,
  name: `check of ${id}`,
  status,
  notes: '',
  output: 'all is well',
  serviceId: 'web-1',
  serviceName: 'web',
  serviceTags: ['v1'],
  definition: undefined,
  ...INDEXES,
});

const checks = [check('serfHealth', 'passing'), check('service:web-1', 'warning')];
const health = showHealth(node, service, checks);

const passes = (endpoint: FilteredEndpoint, text: string, record: unknown): boolean =>
  compileFilter(text, FILTER_FIELDS[endpoint], PLAIN)(record);

describe('a filter', () => {
  it('compares the fields of a record', () =>
    eachRow(
      [
        ['Service.Port == 8080', true],
        ['Service.Port == "0x1f90"', true],
        ['Service.Port != 8080', false],
        ['Service.Weights.Passing == 1', true],
        ['Service.EnableTagOverride == false', true],
        ['Service.Connect.Native == true', true],
        ['Service.Tags contains blue and v1 in Service.Tags', true],
        ['v2 in Service.Tags or Service.Tags is empty', false],
        ['v2 not in Service.Tags', true],
        ['Service.Service matches "^w.b$"', true],
        ['Service.Service not matches "^w.b$"', false],
        ['eb in Service.Service', true],
        ['Service.Kind == ""', true],
        ['Service.SocketPath != ``', false],
        ['Node.Node == node1 and not Node.Meta.rack == r1', true],
        ['Node.Meta["rack"] == "r 1"', true],
        ['Service.Meta["a.b"] == c', true],
        ['env in Service.Meta', true],
        ['Service.Meta is not empty', true],
        ['Service.TaggedAddresses.lan.Port == 8080', true],
        ['Service.TaggedAddresses.wan.Port == 8080', false],
        ['lan in Service.TaggedAddresses', true],
      ],
      (text, expected) => {
        expect(passes('health/service', text, health)).toBe(expected);
      },
    ));

  it('compares the items of a list until one passes, also for operators that negate', () =>
    eachRow(
      [
        ['Checks.Status == warning', true],
        ['Checks.Status != warning', true],
        ['Checks.Status == critical', false],
        ['Checks.CheckID == serfHealth and Checks.Status == warning', true],
        ['not Checks.Status == warning', false],
        ['Checks is empty', false],
        ['Checks.ServiceTags contains v1', true],
      ],
      (text, expected) => {
        expect(passes('health/service', text, health)).toBe(expected);
      },
    ));

  it('lets a key that is missing pass what does not claim to find something', () =>
    eachRow(
      [
        ['Service.Meta.none == x', false],
        ['Service.Meta.none != x', true],
        ['x in Service.Meta.none', false],
        ['x not in Service.Meta.none', true],
        ['Service.Meta.none matches x', true],
        ['Service.Meta.none not matches x', true],
        ['Service.Meta.constructor == ""', false],
        ['constructor in Service.Meta', false],
      ],
      (text, expected) => {
        expect(passes('health/service', text, health)).toBe(expected);
      },
    ));

  it('selects the fields that each endpoint lists', () => {
    expect(passes('catalog/service', 'ServiceMeta.env == prod', showCatalogService(node, service))).toBe(true);
    expect(passes('health/checks', 'Status == warning', showCheck(check('a', 'warning')))).toBe(true);
    expect(aggregatedStatus(checks)).toBe('warning');
  });

  it('is refused with the reason that Consul has', () =>
    eachRow(
      [
        ['Name == x', 'Selector "Name" is not valid'],
        ['Service.Nope.x == x', 'Selector "Service.Nope" is not valid'],
        ['Service.Meta.a.b == x', 'Selector "Service.Meta.a.b" is not valid'],
        ['Service.constructor == x', 'Selector "Service.constructor" is not valid'],
        ['Checks.Definition is empty', 'Selector "Checks.Definition" is not valid'],
        ['Service == x', 'Invalid match operator "Equal" for selector "Service"'],
        ['Service.Port is empty', 'Invalid match operator "Is Empty" for selector "Service.Port"'],
        ['Service.Tags matches x', 'Invalid match operator "Matches" for selector "Service.Tags"'],
        ['Service.Service is not empty', 'Invalid match operator "Is Not Empty" for selector "Service.Service"'],
        [
          'Service.Port == http',
          'Failed to coerce value "http" for selector "Service.Port": strconv.ParseInt: parsing "http": invalid syntax',
        ],
        [
          'Service.EnableTagOverride == yes',
          'Failed to coerce value "yes" for selector "Service.EnableTagOverride": strconv.ParseBool: parsing "yes": invalid syntax',
        ],
      ],
      (text, expected) => {
        const compile = () => compileFilter(text, FILTER_FIELDS['health/service'], PLAIN);
        expect(compile).toThrow(consulError(400, `${BEGINNING}${expected}`));
      },
    ));

  it('says beforehand if it has regular expressions', () => {
    expect(usesPatterns(parseFilter('not (a == b or c is empty)'))).toBe(false);
    expect(usesPatterns(parseFilter('not (a == b or c not matches d)'))).toBe(true);
  });
});

const BEGINNING = 'Failed to create boolean expression evaluator: ';

/** A record that is small enough for values to be equal by chance. */
const records = fc.record({
  Node: fc.record({ Node: fc.constantFrom('a', 'b'), Meta: fc.dictionary(fc.constantFrom('a', 'b'), texts()) }),
  Service: fc.record({
    Service: texts(),
    Port: fc.constantFrom(0, 1),
    EnableTagOverride: fc.boolean(),
    Tags: fc.array(texts(), { maxLength: 2 }),
    TaggedAddresses: fc.dictionary(fc.constantFrom('a', 'b'), fc.record({ Address: texts(), Port: fc.nat(1) })),
  }),
  Checks: fc.array(fc.record({ Status: texts(), ServiceTags: fc.array(texts(), { maxLength: 2 }) }), { maxLength: 3 }),
});
type Row = typeof records extends fc.Arbitrary<infer T> ? T : never;

function texts() {
  return fc.constantFrom('', 'a', 'b', 'ab');
}

const comparison = (selector: string[], operators: readonly string[], values: readonly string[]) =>
  fc.tuple(fc.constantFrom(...operators), fc.constantFrom(...values)).map(
    ([operator, value]): Expression => ({
      kind: 'match',
      selector,
      operator: operator as Match['operator'], // `as`: from the lists below
      value: operator.endsWith('empty') ? undefined : value,
    }),
  );

const ON_TEXT = ['==', '!=', 'in', 'not in', 'matches', 'not matches'];
const ON_LISTS = ['in', 'not in', 'is empty', 'is not empty'];
const VALUES = ['', 'a', 'b', 'ab'];
const comparisons = fc.oneof(
  ...[
    ['Service', 'Service'],
    ['Node', 'Meta', 'a'],
    ['Checks', 'Status'],
    ['Service', 'TaggedAddresses', 'b', 'Address'],
  ].map((selector) => comparison(selector, ON_TEXT, VALUES)),
  ...[
    ['Service', 'Tags'],
    ['Node', 'Meta'],
    ['Checks', 'ServiceTags'],
  ].map((selector) => comparison(selector, ON_LISTS, VALUES)),
  comparison(['Checks'], ['is empty', 'is not empty'], VALUES),
  comparison(['Service', 'Port'], ['==', '!='], ['0', '1']),
  comparison(['Service', 'EnableTagOverride'], ['==', '!='], ['true', 'false']),
);
const expressions = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    comparisons,
    fc.record({ kind: fc.constant('not'), operand: comparisons }),
    fc.record({ kind: fc.constantFrom('and', 'or'), left: tie('any'), right: tie('any') }),
  ),
})).any;

/** Evaluates an expression by listing everything that its selector reaches. Undefined stands for a missing key. */
function naive(expression: Expression, record: unknown): boolean {
  if (expression.kind === 'not') return !naive(expression.operand, record);
  if (expression.kind !== 'match') {
    const [left, right] = [naive(expression.left, record), naive(expression.right, record)];
    return expression.kind === 'and' ? left && right : left || right;
  }
  let reached: unknown[] = [record];
  expression.selector.forEach((step) => {
    reached = reached.flatMap((each) => (Array.isArray(each) ? each : [each]));
    reached = reached.map((each) => (each === undefined ? undefined : (each as Record<string, unknown>)[step])); // `as`: of records
  });
  return reached.some((each) => compared(expression, each));
}

function compared({ operator, value = '' }: Match, found: unknown): boolean {
  if (found === undefined) return !['==', 'in', 'is not empty'].includes(operator);
  switch (operator) {
    case '==':
      return String(found) === value;
    case '!=':
      return String(found) !== value;
    case 'in':
      return holds(found, value);
    case 'not in':
      return !holds(found, value);
    case 'is empty':
      return Object.keys(Object(found)).length === 0;
    case 'is not empty':
      return Object.keys(Object(found)).length > 0;
    case 'matches':
      return String(found).includes(value);
    case 'not matches':
      return !String(found).includes(value);
  }
}

const holds = (found: unknown, value: string): boolean =>
  typeof found === 'string' || Array.isArray(found)
    ? found.includes(value)
    : Object.keys(Object(found)).includes(value);

it('a filter selects the records that a naive evaluation selects', () => {
  let selected = 0;
  fc.assert(
    fc.property(expressions, fc.array(records, { minLength: 1, maxLength: 5 }), (expression, rows: Row[]) => {
      const filter = compileFilter(printExpression(expression), FILTER_FIELDS['health/service'], PLAIN);
      const result = rows.filter(filter);
      selected += result.length;
      expect(result).toEqual(rows.filter((row) => naive(expression, row)));
    }),
    { numRuns: 1_000 },
  );
  expect(selected).toBeGreaterThan(0);
});
