import { describe, expect, it } from 'vitest';
import { parseOptions } from './options';

const NAMES = { figures: ['heartbeat', 'heap'], contests: ['heartbeat'] };

describe('parseOptions', () => {
  it('measures everything in nine rounds of one second by default', () => {
    expect(parseOptions([], NAMES)).toEqual({
      help: false,
      only: undefined,
      except: [],
      profile: undefined,
      homes: ['deno', 'node', 'workerd'],
      rounds: 9,
      seconds: 1,
    });
  });

  it('measures in the named homes, in the order of the report', () => {
    expect(parseOptions(['--home', 'workerd,deno'], NAMES).homes).toEqual(['deno', 'workerd']);
  });

  it('takes fewer rounds with --quick, unless their number is given', () => {
    expect(parseOptions(['--quick'], NAMES).rounds).toBe(3);
    expect(parseOptions(['--quick', '--rounds', '5'], NAMES).rounds).toBe(5);
  });

  it.each([
    [['--only', 'heartbeats'], '--only: unknown name "heartbeats"; known are heartbeat, heap'],
    [['--profile', 'heap'], '--profile: unknown name "heap"; known are heartbeat'],
    [['--except', 'heap,speed'], '--except: unknown name "speed"; known are heartbeat, heap'],
    [['--home', 'bun'], '--home: unknown name "bun"; known are deno, node, workerd'],
    [['--rounds', '0'], '--rounds must be a whole number of at least 1, not "0"'],
    [['--seconds', '1.5'], '--seconds must be a whole number of at least 1, not "1.5"'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args, NAMES)).toThrow(message);
  });
});
