import { z } from 'zod';
import { CursorText } from './cursor-text';

/**
 * A moment of a namespace's past: a cursor that an answer or an event gave, or a time. A cursor begins with `c`, and no
 * time does.
 */
export const PointInTime = z
  .union([CursorText, z.iso.datetime({ offset: true })], {
    error: 'must be a cursor as an answer gave it, or a time such as 2027-01-31T12:00:00Z',
  })
  .meta({ description: 'A cursor, or a time such as 2027-01-31T12:00:00Z' });
export type PointInTime = z.output<typeof PointInTime>;
