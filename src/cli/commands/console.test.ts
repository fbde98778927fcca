import { describe, expect, it } from 'vitest';
import { openerOf } from './console';

describe('openerOf', () => {
  it('opens a browser where the user sits', () => {
    expect(openerOf('darwin', {})).toEqual(['open']);
    expect(openerOf('win32', {})).toEqual(['rundll32', 'url.dll,FileProtocolHandler']);
    expect(openerOf('linux', { DISPLAY: ':0' })).toEqual(['xdg-open']);
    expect(openerOf('freebsd', { WAYLAND_DISPLAY: 'wayland-0', SSH_TTY: '' })).toEqual(['xdg-open']);
  });

  it('opens none without a display, or over SSH', () => {
    expect(openerOf('linux', { DISPLAY: '' })).toBeUndefined();
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(openerOf(platform, { DISPLAY: ':10', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' })).toBeUndefined();
      expect(openerOf(platform, { DISPLAY: ':10', SSH_TTY: '/dev/pts/1' })).toBeUndefined();
    }
  });
});
