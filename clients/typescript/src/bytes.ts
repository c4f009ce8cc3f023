/** Bytes as they stand in tensor objects: little-endian, and in base64. */

const MACHINE_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes in the other order on a machine that is big-endian: of what it has, and of what came, alike. */
export function littleEndian<B extends ArrayBufferLike>(
  bytes: Uint8Array<B>,
  width: number,
  isAlready = MACHINE_IS_LITTLE_ENDIAN,
): Uint8Array<B | ArrayBuffer> {
  if (isAlready || width === 1) {
    return bytes;
  }
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    swapped[i] = bytes[i - (i % width) + width - 1 - (i % width)] as number;
  }
  return swapped;
}

interface BufferClass {
  from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: "base64"): string };
  from(text: string, encoding: "base64"): Uint8Array;
}

/** Node's Buffer, which is many times faster than btoa and atob; browsers have none. */
function buffers(): BufferClass | undefined {
  return (globalThis as { Buffer?: BufferClass }).Buffer;
}

/** What is encoded at once: few enough for a call's arguments, and a multiple of 3, so that pieces can be joined. */
const PIECE_BYTES = 3 << 13;

/** The bytes in base64 of the standard alphabet, with padding. */
export function toBase64(bytes: Uint8Array): string {
  const Buffer = buffers();
  if (Buffer) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  }
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(start, start + PIECE_BYTES))));
  }
  return pieces.join("");
}

/** The bytes, at the start of a buffer of their own: a typed array can't begin at any odd place of another's. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const Buffer = buffers();
  if (Buffer) {
    return new Uint8Array(Buffer.from(text, "base64"));
  }
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
