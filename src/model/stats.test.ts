import { expect, it } from 'vitest';
import * as z from 'zod';
import { Stats } from './stats';

it('every figure has a description', () => {
  const undescribed: string[] = [];
  const walk = (shape: Record<string, z.ZodType>, above: string): void => {
    for (const [name, schema] of Object.entries(shape)) {
      if (schema instanceof z.ZodObject) walk(schema.shape, `${above}${name}.`);
      else if (schema.meta()?.description === undefined && name !== 'wokeAt') undescribed.push(above + name);
    }
  };
  walk(Stats.shape, '');
  expect(undescribed).toEqual([]);
});
