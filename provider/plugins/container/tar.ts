/** A tar archive of a few files, as the engine takes them: ustar, mode and owner set. */

interface Entry {
  /** Relative; at most 255 bytes. */
  path: string;
  bytes: Uint8Array;
  mode: number;
}

const BLOCK = 512;

/** The archive's first entry is the folder itself, open to every user of the container. */
export function tarOf(entries: Entry[]): Buffer {
  const folder = header('./', 0, 0o777, '5');
  const files = entries.flatMap(({ path, bytes, mode }) => [
    header(path, bytes.length, mode, '0'),
    bytes,
    Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([folder, ...files, Buffer.alloc(2 * BLOCK)]);
}

function header(path: string, size: number, mode: number, type: '0' | '5'): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { prefix, name } = split(path);
  block.write(name, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(65_534, 7), 108);
  block.write(octal(65_534, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  block.write(prefix, 345, 155);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return block;
}

/** ustar keeps a long path in two fields, cut at a slash. @throws RangeError when it does not fit */
function split(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { prefix, name };
  }
  throw new RangeError(`The path ${path.slice(0, 60)}… is too long.`);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
