/**
 * Lengths of the codes of all bytes in bits, as digits of base 36 (RFC 7541, appendix B). The codes follow from them:
 * they ascend with their lengths, and codes of one length with their bytes.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f565' +
  '65666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmp' +
  'qqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq';

/** Longest code of a byte. The 30 ones that end a text must not occur. */
const LONGEST = 30;

/** Bytes by ascending codes. */
const BYTES = new Uint8Array(256);
/** By length: the first code, the number of codes, and the index of the first one in `BYTES`. */
const FIRST_CODES = new Int32Array(LONGEST + 1);
const COUNTS = new Int32Array(LONGEST + 1);
const INDEXES = new Int32Array(LONGEST + 1);

for (const digit of LENGTHS) {
  const length = Number.parseInt(digit, 36);
  COUNTS[length] = (COUNTS[length] ?? 0) + 1;
}
for (let length = 1, code = 0, index = 0; length <= LONGEST; length++) {
  code *= 2;
  FIRST_CODES[length] = code;
  INDEXES[length] = index;
  for (let byte = 0; byte < 256; byte++) {
    if (Number.parseInt(LENGTHS.charAt(byte), 36) !== length) continue;
    BYTES[index++] = byte;
    code++;
  }
}

/** Returns the text of Huffman's codes, one character for each byte; undefined if they are malformed. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  // No code is shorter than five bits. A text that grows by characters would take many times its size.
  const text = Buffer.allocUnsafe(Math.floor(((to - from) * 8) / 5));
  let size = 0;
  let code = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      length++;
      const offset = code - (FIRST_CODES[length] ?? 0);
      if (offset < (COUNTS[length] ?? 0)) {
        text[size++] = BYTES[(INDEXES[length] ?? 0) + offset] ?? 0;
        code = 0;
        length = 0;
      } else if (length === LONGEST) return undefined;
    }
  }
  // The rest is padding: fewer than 8 ones.
  return length < 8 && code === 2 ** length - 1 ? text.toString('latin1', 0, size) : undefined;
}
