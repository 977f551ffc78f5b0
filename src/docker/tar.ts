/** The smallest tar archive: one empty file, which is how a marker gets into a volume. */

const BLOCK = 512;

/** A ustar archive of one empty, read-only file owned by root. */
export function tarOfEmptyFile(name: string): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => {
    header.write(text, at, "ascii");
  };
  put(name, 0);
  put("0000444\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put("00000000000\0", 124);
  put("00000000000\0", 136);
  // The checksum is taken with its own field as blanks.
  put("        ", 148);
  put("0", 156);
  put("ustar\0", 257);
  put("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(2 * BLOCK)]);
}
