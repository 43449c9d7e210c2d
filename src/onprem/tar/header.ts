// Tar: the one header that an entry of a bundle may have: USTAR, a plain file, nobody's, of no time (PF-3). Pure.
import { Failure } from "../../../toolchain/failure";

/** Bytes of a header, and what contents are padded to. */
export const BLOCK = 512;
/** Largest content, in bytes: eleven octal digits. */
export const LARGEST = 8 ** 11 - 1;
/** Bytes that end a tar: two blocks of zeros. */
export const END = 2 * BLOCK;

/** Where the fields of a header start, and how long they are. */
export const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 8],
  owner: [265, 32],
  group: [297, 32],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;

/** Bytes of zeros between a content's end and the next header. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/**
 * The header of an entry: 512 bytes that depend on its name and size alone.
 *
 * @param size bytes of the content
 * @throws Failure if the name is longer than 100 bytes, or the size above 8 GiB - 1
 */
export function encodeHeader(name: string, size: number): Buffer {
  if (size > LARGEST)
    throw new Failure(
      `${name} has ${size} bytes.`,
      `Allowed: at most ${LARGEST} bytes, as a tar's header can say no more.\nMake the layer smaller, then type \`npx palisade bundle\` again.`,
    );
  if (Buffer.byteLength(name) > fields.name[1])
    throw new Failure(`the name ${name} is too long for a tar.`, `Allowed: ${fields.name[1]} bytes.`);
  const header = Buffer.alloc(BLOCK);
  const put = (field: keyof typeof fields, text: string) => header.write(text, fields[field][0], "latin1");
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  put("name", name);
  put("mode", octal(0o644, 7));
  put("uid", octal(0, 7));
  put("gid", octal(0, 7));
  put("size", octal(size, 11));
  put("mtime", octal(0, 11));
  put("type", "0");
  put("magic", "ustar\x0000");
  put("major", octal(0, 7));
  put("minor", octal(0, 7));
  put("checksum", `${octal(checksum(header), 6)} `);
  return header;
}

/** Sum of a header's bytes, its own field taken as blanks. */
export function checksum(header: Buffer): number {
  const [start, length] = fields.checksum;
  return header.reduce((sum, byte, at) => sum + (at >= start && at < start + length ? 0x20 : byte), 0);
}
