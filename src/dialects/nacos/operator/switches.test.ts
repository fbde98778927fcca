import { describe, expect, it } from 'vitest';
import { SWITCHES, switchFault } from './switches';

describe('switches', () => {
  it('[Y14] are accepted with their current values, and not changed', () => {
    expect(switchFault('lightBeatEnabled', 'true')).toBeUndefined();
    expect(switchFault('clientBeatInterval', '5000')).toBeUndefined();
    expect(switchFault('masters', 'null')).toBeUndefined();
    expect(switchFault('pushEnabled', 'true')).toMatchObject({ message: expect.stringContaining('is false') });
    expect(switchFault('defaultCacheMillis', '1000')?.message).toContain('3000');
    expect(switchFault('__proto__', 'x')?.message).toContain('no switch');
  });

  it('[Y14] are those that `SwitchDomain` writes', () => {
    expect(Object.keys(SWITCHES)).toContain('distroServerExpiredMillis');
    expect(JSON.parse(JSON.stringify(SWITCHES))).toEqual(SWITCHES);
  });
});
