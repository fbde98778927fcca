import { FRAME_PART_MAX_BYTES } from '../../../model/limits';
import { timestamp } from '../../../model/timestamp';
import type { ToldRevision } from '../commit/publisher';

/**
 * Frames of one revision's changes, without their heads: each is completed by the name of a watch. Over 256 KiB they
 * come in parts, and the cursor counts at the last.
 *
 * @param changes Encoded, at least one.
 */
export function changesFrames(told: ToldRevision, changes: readonly string[]): string[] {
  const { revision, cursor, cause, actor, at } = told;
  const head = JSON.stringify({ cursor, revision, cause, actor, at: timestamp(at) }).slice(1, -1);
  const parts = inParts(changes);
  if (parts.length === 1) return [`${head},"changes":[${parts[0]}]}`];
  return parts.map((part, index) => {
    return `${head},"part":${index},"last":${index === parts.length - 1},"changes":[${part}]}`;
  });
}

/** JSON texts joined by commas, into pieces that stay small unless one text alone is large. */
function inParts(texts: readonly string[]): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let size = 0;
  for (const text of texts) {
    if (size + text.length > FRAME_PART_MAX_BYTES && part.length > 0) {
      parts.push(part.join(','));
      part = [];
      size = 0;
    }
    part.push(text);
    size += text.length;
  }
  parts.push(part.join(','));
  return parts;
}

/**
 * The same changes for one watch after the other. A thousand watches have a few names between them, and neighbours
 * mostly the same one: what was made for the last watch serves the next, and the platform copies it from one place.
 */
export class SharedFrames {
  /** Without their heads, as {@link changesFrames} made them. */
  readonly frames: readonly string[];
  #watch: string | undefined;
  #addressed: readonly string[] = [];

  constructor(frames: readonly string[]) {
    this.frames = frames;
  }

  /** The frames for a watch of this name. */
  addressedTo(watch: string): readonly string[] {
    if (watch !== this.#watch) {
      this.#watch = watch;
      this.#addressed = this.frames.map((frame) => addressed('changes', watch, frame));
    }
    return this.#addressed;
  }
}

/** Completes a frame by its type and the name of the watch that it is for. */
export function addressed(type: 'changes' | 'snapshot', watch: string, frame: string): string {
  return `{"type":"${type}","watch":${JSON.stringify(watch)},${frame}`;
}
