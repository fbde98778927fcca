import { answer, around, type JsonPieces, jsonAnswer } from './answers';

/** Success of v2 and v3. */
export const result = (data: unknown): Response => answer({ code: 0, message: 'success', data });

/** The same of a value that is JSON already. */
export const resultText = (data: JsonPieces): Response =>
  jsonAnswer(around('{"code":0,"message":"success","data":', data, '}'));

/** Success of the console and of the cluster in v1, which looks the same and is not: 200 is what it calls success. */
export const restResult = (data: unknown): Response => answer({ code: 200, message: null, data });
